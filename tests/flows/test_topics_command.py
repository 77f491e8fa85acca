"""`touchline topics` makes the topics once, and says what is wrong with them."""

import json
import re
from typing import Any

import pytest
from click.testing import CliRunner, Result
from confluent_kafka import Producer

from flows.commands.topics import command

INTERNAL = ["forward", "broadcast", "replayed", "decided"]
ALL = ["click", "chat", "enriched", "actions", "dead-letter", *INTERNAL]


def touchline_topics(servers: str, *arguments: str, **env: str) -> Result:
    environment = {
        "TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS": servers,
        "TOUCHLINE_CHANNELS": "click,chat",
        "TOUCHLINE_PARTITIONS": "4",
        **env,
    }
    return CliRunner().invoke(command, arguments, env=environment)


def said(result: Result) -> Any:
    return json.loads(result.stdout)


def test_topics_are_made_listed_and_found_right(fresh_kafka: str) -> None:
    names = [f"touchpoints.{name}" for name in ALL]
    assert sorted(said(touchline_topics(fresh_kafka, "create", "--json"))["created"]) == sorted(
        names
    )
    assert said(touchline_topics(fresh_kafka, "create", "--json")) == {"created": []}
    again = touchline_topics(fresh_kafka, "create")
    assert (again.exit_code, again.stdout) == (0, "nothing to make: all topics exist\n")
    listed = said(touchline_topics(fresh_kafka, "ls", "--json"))["topics"]
    assert [topic["name"] for topic in listed] == names
    assert {topic["partitions"] for topic in listed} == {4}
    assert {topic["expected"] for topic in listed} == {True}
    right = touchline_topics(fresh_kafka, "check", "--json")
    assert (right.exit_code, said(right)) == (0, {"problems": []})


def test_the_list_says_what_is_in_each_topic_what_is_missing_and_what_nobody_expects(
    fresh_kafka: str,
) -> None:
    nothing = said(touchline_topics(fresh_kafka, "ls", "--json"))
    assert nothing["topics"] == []
    assert nothing["missing"] == [f"touchpoints.{name}" for name in ALL]
    touchline_topics(fresh_kafka, "create")
    producer = Producer({"bootstrap.servers": fresh_kafka})
    for number in range(5):
        producer.produce("touchpoints.chat", b"{}", partition=number % 2)
        assert producer.flush(10) == 0  # of a larger batch the embedded broker counts the first
    settings = {"TOUCHLINE_CHANNELS": "chat,app", "TOUCHLINE_PARTITIONS": "8"}
    heading, *rows = touchline_topics(fresh_kafka, "ls", **settings).stdout.splitlines()
    assert heading.split() == ["topic", "partitions", "records", "max", "bytes", "expected", "id"]
    cells = {row.split()[0]: re.split("  +", row)[1:] for row in rows}
    assert cells["touchpoints.chat"][:4] == ["4", "5", "1,048,588", "with 8 partitions"]
    assert cells["touchpoints.click"][3] == "no: no channel of TOUCHLINE_CHANNELS"
    assert cells["touchpoints.app"] == ["-", "-", "-", "missing: `topics create` makes it"]
    listed = said(touchline_topics(fresh_kafka, "ls", "--json", **settings))
    by_name = {topic["name"]: topic for topic in listed["topics"]}
    assert by_name["touchpoints.chat"]["records"] == 5
    assert by_name["touchpoints.click"]["expected"] is False
    assert listed["missing"] == ["touchpoints.app"]


def test_a_wrong_partition_count_ends_in_exit_code_1(fresh_kafka: str) -> None:
    missing = touchline_topics(fresh_kafka, "check", "--json")
    assert missing.exit_code == 1
    (problem,) = said(missing)["problems"]
    assert all(f"touchpoints.{name}" in problem for name in ALL)
    made = touchline_topics(fresh_kafka, "create").stdout.splitlines()
    assert sorted(made) == sorted(f"made touchpoints.{name}: 4 partitions" for name in ALL)
    for action in ("check", "create"):
        wrong = touchline_topics(fresh_kafka, action, TOUCHLINE_PARTITIONS="8")
        assert wrong.exit_code == 1
        assert "touchpoints.click, " in wrong.output
        assert "have 4 partitions, expected 8 (TOUCHLINE_PARTITIONS): set" in wrong.output


def test_an_absent_broker_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.kafka.topics.ANSWER_S", 0.2)
    absent = touchline_topics("far.example:1", "ls", "--bootstrap-servers", "127.0.0.1:1")
    assert absent.exit_code == 1
    (line,) = absent.stderr.splitlines()
    assert line.startswith("Error: Kafka: no broker answers at 127.0.0.1:1; ")
    assert "--bootstrap-servers" in line


@pytest.mark.parametrize("action", ["ls", "create", "check"])
@pytest.mark.parametrize("wrong", ["nope", "", "nope:x"])
def test_an_address_that_is_none_of_kafka_is_refused_and_not_waited_for(
    action: str, wrong: str
) -> None:
    refused = touchline_topics("127.0.0.1:1", action, "--bootstrap-servers", wrong)
    assert refused.exit_code == 2
    line = refused.stderr.splitlines()[-1]
    assert line.endswith(f"'--bootstrap-servers': expected host:port[,host:port...], got {wrong!r}")


def test_a_misspelt_kafka_option_is_one_line_that_names_the_settings() -> None:
    wrong = touchline_topics("127.0.0.1:1", "ls", TOUCHLINE_KAFKA_SECURITY_PROTOCAL="SSL")
    assert wrong.exit_code == 1
    (line,) = wrong.stderr.splitlines()
    assert line.startswith("Error: TOUCHLINE_KAFKA_*: ")


@pytest.mark.parametrize("action", ["ls", "create", "check", "accept-recreated"])
def test_the_help_of_each_has_its_exit_codes_and_an_example(action: str) -> None:
    told = touchline_topics("nowhere", action, "--help").stdout
    assert "Exit codes: 0 " in told
    assert f"\n    touchline topics {action}" in told


def test_a_wrong_setting_is_one_line() -> None:
    wrong = touchline_topics("nowhere", "ls")
    assert wrong.exit_code == 1
    assert "TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS" in wrong.stderr
