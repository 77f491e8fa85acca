"""What `touchline rebuild` says, and how it ends, where it does nothing."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from flows.commands import rebuild as module
from flows.recovery.history import Beginning
from flows.recovery.planned import Progress
from flows.recovery.rebuild import Lossy, Rebuilt
from flows.recovery.survey import Found, Removed, Survey

PART = Found(2, Beginning(0, 41, 0, 900, {}, {}), False, "the plan is gone", 8, 90, anew=False)
BEHIND = Found(3, Beginning(0, 41, 0, 900, {}, {}), False, "nothing is there", 0, 0, anew=False)
ANEW = Found(4, Beginning(3, 0, 0, 900, {}, {}), False, "no plan", 0, 0, anew=True)
GONE = Removed("touchpoints.click", 2, 1_500, 4_000, "2026-01-01T00:00:00.000Z")


def command(*arguments: str, **env: str) -> Result:
    return CliRunner().invoke(module.command, arguments, env=env)


def ending(monkeypatch: pytest.MonkeyPatch, how: Rebuilt | Exception, *arguments: str) -> Result:
    """The command, as if the rebuild had ended so."""

    def ends(*_: Any) -> Rebuilt:
        if isinstance(how, Exception):
            raise how
        return how

    monkeypatch.setattr(module, "rebuild", ends)
    return command(*arguments)


def test_the_help_has_examples_and_exit_codes() -> None:
    told = command("--help").stdout
    assert "touchline rebuild --accept-loss" in told
    assert "Exit codes: 0 done" in told


def test_a_wrong_setting_is_one_line() -> None:
    wrong = command(TOUCHLINE_REDIS_URL="nowhere")
    assert (wrong.exit_code, wrong.stderr.count("\n")) == (1, 1)
    assert wrong.stderr.startswith("Error: TOUCHLINE_REDIS_URL: ")


def test_an_absent_broker_is_named_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.kafka.topics.ANSWER_S", 0.2)
    absent = command(TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert absent.exit_code == 1
    assert "Error: Kafka: no broker answers at 127.0.0.1:1; " in absent.stderr


def test_an_absent_redis_is_named(fresh_topics: str) -> None:
    absent = command(
        TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS=fresh_topics,
        TOUCHLINE_REDIS_URL="redis://:secret@127.0.0.1:1/0",
    )
    assert absent.exit_code == 1
    assert "Error: Redis at redis://127.0.0.1:1/0 (TOUCHLINE_REDIS_URL): " in absent.stderr
    assert "secret" not in absent.output


def test_other_numbers_of_partitions_are_refused(fresh_topics: str) -> None:
    refused = command(TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS=fresh_topics, TOUCHLINE_PARTITIONS="8")
    assert refused.exit_code == 4
    assert "have 16 partitions, expected 8 (TOUCHLINE_PARTITIONS)" in refused.stderr


def test_what_would_be_lost_is_named_shard_by_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    lossy = Lossy([PART, BEHIND, ANEW], [GONE])
    told = ending(monkeypatch, lossy, "--json")
    assert told.exit_code == 4
    lines = told.stderr.splitlines()
    assert lines[0].endswith("the plan is gone; it would begin with flush 42, 8 are left")
    assert lines[1].endswith("it would go on behind flush 41 with empty profiles")
    assert lines[2].endswith("and readers see these again in generation 3")
    assert lines[3] == (
        "touchpoints.click[2]: offsets 0 to 1,499 are gone, 1,500 of 4,000; what is left begins at "
        "2026-01-01T00:00:00.000Z"
    )
    assert "accept what is lost with --accept-loss" in lines[4]
    fields = json.loads(told.stdout)
    assert [lost["shard"] for lost in fields["lost"]] == [2, 3, 4]
    assert fields["removed"][0]["below"] == 1_500


def test_shards_that_are_left_alone_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    done = Rebuilt(Progress(0, 0, 0), left={1: "a", 0: "b"})
    told = ending(monkeypatch, done)
    assert told.exit_code == 0
    assert told.stdout.splitlines() == [
        "left alone, as Redis holds their fences: shards 0, 1",
        "nothing to rebuild",
    ]


@pytest.mark.parametrize(("stopped", "last"), [(True, "stopped; "), (False, "rebuilt; ")])
def test_the_result_says_how_far_it_is_and_what_goes_on(
    monkeypatch: pytest.MonkeyPatch, stopped: bool, last: str
) -> None:
    progress = Progress(200, 4_000, 4, flushes=150, events=3_000, shards=3, seconds=2.0)
    done = Rebuilt(progress, [0, 1, 2, 3], survey=Survey([PART], [GONE]), stopped=stopped)
    lines = ending(monkeypatch, done).stdout.splitlines()
    assert lines[0].startswith("shard 2: not all can be done again")
    assert lines[2] == (
        "3 of 4 shards done; 150 of 200 flushes, 3,000 of 4,000 events; 1,500 events/s"
    )
    assert lines[3].startswith(last)
    fields = json.loads(ending(monkeypatch, done, "--json").stdout)
    assert (fields["complete"], fields["events_per_second"]) == (not stopped, 1_500)
