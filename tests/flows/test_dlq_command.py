"""`touchline dlq` counts and shows each dead letter once, and replays what is asked for."""

import json
from base64 import b64encode
from typing import Any

import pytest
from click.testing import CliRunner, Result
from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # its module lists neither

from connectors.events.dead_letter import Reason
from connectors.events.replayed import REPLAY
from connectors.kafka import replayer
from connectors.kafka.topics import DEAD_LETTER, REPLAYED
from flows.commands.dlq import command
from state.applied import Applied
from tests.flows.dead_letters import EVENT, NOON_MS, record, write

HOUR_MS = 3_600_000
NO_VALUE: dict[str, Any] = {"raw": None, "key": None, "reason": Reason.TOMBSTONE}
KIOSK: dict[str, Any] = {"topic": "touchpoints.kiosk"}


def dlq(servers: str, *arguments: str) -> Result:
    environment = {"TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS": servers}
    return CliRunner().invoke(command, arguments, env=environment)


def said(servers: str, *arguments: str) -> Any:
    result = dlq(servers, *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def shown(servers: str, *arguments: str) -> list[dict[str, Any]]:
    result = dlq(servers, "show", *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def clicks(servers: str) -> list[Any]:
    """Every record of touchpoints.click."""
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": "test",
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.assign([TopicPartition("touchpoints.click", n, 0) for n in range(16)])
    left, found = 16, []
    while left:
        message = consumer.poll(10)
        assert message is not None
        if (error := message.error()) is None:
            found.append(message)
        else:
            assert error.code() == KafkaError._PARTITION_EOF, error
            left -= 1
    consumer.close()
    return found


@pytest.fixture
def filled(fresh_topics: str) -> str:
    """A broker with six dead letters; one is there twice, and one record is none of ours."""
    kiosk = record(index=0, first_at_ms=NOON_MS - 60_000, **KIOSK)
    first, second, third = (record(index=n, at_ms=NOON_MS + n * HOUR_MS) for n in (1, 2, 3))
    write(fresh_topics, kiosk, first, second, first, second, third)
    write(fresh_topics, b"something else", record(5, 0, **NO_VALUE), partition=5)
    write(fresh_topics, record(5, 1, raw=b"\xff", reason=Reason.NOT_UTF8), partition=5)
    return fresh_topics


def test_each_is_counted_once_by_hour_channel_and_reason(filled: str) -> None:
    told = said(filled, "ls")
    assert told["total"] == 6
    assert told["letters"][2] == {
        "hour": "2026-01-15T12:00:00.000Z",
        "channel": "kiosk",
        "reason": "invalid",
        "count": 1,
        "replayed": 0,
        "first_seen": "2026-01-15T11:59:00.000Z",
        "last_seen": "2026-01-15T12:00:00.000Z",
    }
    assert [(x["hour"][11:13], x["channel"], x["reason"], x["count"]) for x in told["letters"]] == [
        ("12", "click", "not_utf8", 1),
        ("12", "click", "tombstone", 1),
        ("12", "kiosk", "invalid", 1),
        ("13", "click", "invalid", 1),
        ("14", "click", "invalid", 1),
        ("15", "click", "invalid", 1),
    ]


def test_the_table_says_the_same_and_what_was_left_out(filled: str) -> None:
    result = dlq(filled, "ls")
    heads, *rows, total = result.stdout.splitlines()
    assert heads.split()[:4] == ["hour", "(UTC)", "channel", "reason"]
    assert len(rows) == 6
    assert "2026-01-15 12:00  kiosk    invalid        1         0  2026-01-15 11:59:00" in rows[2]
    assert total == "6 dead letters, 0 of them replayed"
    assert "1 records of touchpoints.dead-letter are none of Touchline's" in result.stderr


def test_only_what_is_asked_for_is_counted(filled: str) -> None:
    assert said(filled, "ls", "--channel", "kiosk")["total"] == 1
    assert said(filled, "ls", "--reason", "tombstone", "--reason", "not_utf8")["total"] == 2
    assert said(filled, "ls", "--since", "1s")["total"] == 0
    assert dlq(filled, "ls", "--since", "1s").stdout == "no dead letters\n"


@pytest.mark.parametrize(
    "words", [("ls",), ("show",), ("replay", "--reason", "invalid", "--dry-run")]
)
def test_a_channel_that_is_none_is_told_with_those_that_there_are(
    filled: str, words: tuple[str, ...]
) -> None:
    result = dlq(filled, *words, "--channel", "nope")
    expected = "--channel nope: expected one of chat, click, email, kiosk (TOUCHLINE_CHANNELS), or"
    assert expected in result.stderr
    known = dlq(filled, *words, "--channel", "chat")  # it just has none
    assert "--channel" not in known.stderr


def test_a_letter_is_shown_whole_by_its_place_or_by_its_events(filled: str) -> None:
    (letter,) = shown(filled, "3@1")
    assert letter == {
        "place": "3@1",
        "origin": "touchpoints.click[3]@4711",
        "reason": "invalid",
        "detail": "Expected `str`, got `int` - at `$.userId`",
        "stage": "decode",
        "first_seen": "2026-01-15T13:00:00.000Z",
        "last_seen": "2026-01-15T13:00:00.000Z",
        "key": {"value": "ann", "encoding": "utf-8"},
        "headers": [{"name": "trace", "value": "\x01", "encoding": "utf-8"}],
        "value": EVENT.decode(),
        "encoding": "utf-8",
    }
    assert shown(filled, f"{DEAD_LETTER}[3]@1") == [letter]
    assert shown(filled, "touchpoints.kiosk[3]@4711")[0]["place"] == "3@0"
    (text,) = shown(filled, "--reason", "not_utf8")
    assert (text["value"], text["encoding"]) == (b64encode(b"\xff").decode(), "base64")
    (none,) = shown(filled, "--reason", "tombstone")
    assert (none["value"], none["encoding"], none["key"]["value"]) == (None, None, None)


def test_the_last_are_those_of_the_latest_time(filled: str) -> None:
    assert [x["place"] for x in shown(filled, "--reason", "invalid", "--last", "2")] == [
        "3@2",
        "3@5",
    ]
    assert len(shown(filled)) == 5


def test_for_people_nothing_that_came_moves_the_cursor(filled: str) -> None:
    text = dlq(filled, "show", "3@1").stdout
    assert "  header      trace: ?\n" in text
    assert f"  value       {EVENT.decode()}\n" in text


def test_a_place_without_a_letter_is_told(filled: str) -> None:
    for place in ("3@99", "3@3"):  # the latter is a copy that a crash has made
        missing = dlq(filled, "show", place)
        assert missing.exit_code == 1
        assert f"no dead letter at {DEAD_LETTER}[{place[0]}]@" in missing.stderr
        assert missing.stderr.splitlines()[-1].count(DEAD_LETTER) == 1
    wrong = dlq(filled, "show", "three")
    assert wrong.exit_code == 2
    assert "expected a place such as 3@41" in wrong.stderr


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(filled: str) -> None:
    told = said(filled, "replay", "--dry-run", "--reason", "invalid", "--reason", "tombstone")
    assert told["dry_run"] is True
    assert (told["replayed"], told["left"]) == (4, {"no_value": 1})
    assert told["examples"][0]["place"] == "5@1"
    assert clicks(filled) == []
    text = dlq(filled, "replay", "--dry-run", "--reason", "tombstone").stdout.splitlines()
    assert text[0] == "0 dead letters would be replayed"
    assert text[1].startswith("1 left, each of which has no value; --fix can make one")


def test_the_embedded_broker_is_refused_as_its_transactions_hide_nothing(filled: str) -> None:
    refused = dlq(filled, "replay", "--reason", "invalid")
    assert refused.exit_code == 1
    assert "this is the embedded Kafka of `touchline up`" in refused.stderr
    assert clicks(filled) == []


def test_what_is_replayed_is_written_once_and_marked(
    filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replayer, "EMBEDDED_CLUSTER", "none")  # nothing is aborted here
    asked = ("replay", "--reason", "invalid", "--channel", "click", "--fix", '.userId = "bob"')
    assert said(filled, *asked)["replayed"] == 3
    again = said(filled, *asked)
    assert (again["replayed"], again["already_replayed"]) == (0, 3)
    written = clicks(filled)
    assert len(written) == 3
    for message in written:
        assert json.loads(message.value())["userId"] == "bob"
        assert message.key() == b"bob"
        assert [name for name, _ in message.headers()] == ["trace", REPLAY]
    assert len({message.partition() for message in written}) == 1
    listed = said(filled, "ls", "--reason", "invalid")["letters"]
    assert [(x["channel"], x["count"], x["replayed"]) for x in listed] == [
        ("kiosk", 1, 0),
        ("click", 1, 1),
        ("click", 1, 1),
        ("click", 1, 1),
    ]


def test_a_copy_of_a_letter_is_not_replayed_after_its_first(
    fresh_topics: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replayer, "EMBEDDED_CLUSTER", "none")
    write(fresh_topics, record())
    assert said(fresh_topics, "replay", "--place", "3@0")["replayed"] == 1
    write(fresh_topics, record(applied=Applied(3, 0, 0, 9)), record())
    assert said(fresh_topics, "replay", "--reason", "invalid")["already_replayed"] == 1
    assert len(clicks(fresh_topics)) == 1


def test_marks_that_would_be_forgotten_are_refused(
    fresh_kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replayer, "EMBEDDED_CLUSTER", "none")
    client = AdminClient({"bootstrap.servers": fresh_kafka})
    asked = ("replay", "--reason", "invalid")
    for name, words in (
        (DEAD_LETTER, f"no topic {REPLAYED}, where it is marked what has been replayed"),
        (REPLAYED, f"topic {REPLAYED}: expected cleanup.policy=compact"),
    ):
        client.create_topics([NewTopic(name, 4)])[name].result(10)
        refused = dlq(fresh_kafka, *asked)
        assert refused.exit_code == 1
        assert words in refused.stderr


def test_all_of_a_long_topic_is_replayed_in_many_transactions(
    fresh_topics: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replayer, "EMBEDDED_CLUSTER", "none")
    monkeypatch.setattr("flows.commands.dlq.replaying.BATCH", 7)
    write(fresh_topics, *(record(index=n) for n in range(40)))
    write(fresh_topics, *(record(6, index=n) for n in range(9)), partition=6)
    assert said(fresh_topics, "replay", "--reason", "invalid")["replayed"] == 49
    assert len(clicks(fresh_topics)) == 49
    assert said(fresh_topics, "ls")["letters"][0]["replayed"] == 49


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["replay"], "expected --reason or --place: which dead letters?"),
        (["replay", "--reason", "nope"], "'nope' is not one of 'tombstone'"),
        (["replay", "--place", "x"], "expected a place such as 3@41"),
        (["replay", "--reason", "invalid", "--fix", ".a |"], "expected a jq program, got '.a |'"),
        (["ls", "--since", "soon"], "expected a duration such as 90s"),
        (["show", "3@1", "--last", "2"], "PLACE names one dead letter"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_kafka_is_asked(
    arguments: list[str], words: str
) -> None:
    wrong = dlq("127.0.0.1:1", *arguments)
    assert wrong.exit_code == 2
    assert words in wrong.stderr


def test_an_absent_broker_or_topic_is_one_line(
    fresh_kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = dlq(fresh_kafka, "ls")
    assert (none.exit_code, len(none.stderr.splitlines())) == (1, 1)
    assert "has no topic touchpoints.dead-letter: `touchline topics create` makes it" in none.stderr
    monkeypatch.setattr("connectors.kafka.topics.ANSWER_S", 0.2)
    absent = dlq("127.0.0.1:1", "ls")
    assert absent.exit_code == 1
    assert "no broker answers at 127.0.0.1:1" in absent.stderr
