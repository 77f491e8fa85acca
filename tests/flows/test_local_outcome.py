"""The closing words say it when something may be lost, and only then."""

import json
from pathlib import Path

import pytest
from msgspec import structs

from flows.local.numbers import Numbers, Sample, between
from flows.local.outcome import Summary, summary, troubles_at_end
from flows.local.report import JsonReport, words_of

LOGS = {"touchpoints": Path("/d/touchpoints.log"), "warehouse": Path("/d/warehouse.log")}
LAST = between(Sample(0), Sample(1, accepted=1_000), seconds=1)
BEFORE = {"touchpoints": 100, "actions": 50}
ALL = {"touchpoints": 1_100, "actions": 55}


def ended(troubles: list[str]) -> Summary:
    return summary(
        LAST,
        ready_s=1,
        first_offer_s=None,
        answers={},
        rows_before=BEFORE,
        rows_after=ALL,
        troubles=troubles,
    )


def told(
    last: Numbers = LAST,
    failures: dict[str, str] | None = None,
    after: dict[str, int] | None = None,
) -> list[str]:
    return troubles_at_end(last, failures or {}, BEFORE, ALL if after is None else after, LOGS)


def test_a_run_that_has_written_every_accepted_event_has_no_troubles() -> None:
    assert told() == []
    assert told(after={"touchpoints": 1_107}) == []  # what was accepted after the last look


def test_rows_that_were_there_before_are_not_taken_for_those_of_this_run() -> None:
    (trouble,) = told(after={"touchpoints": 1_099, "actions": 500})
    assert trouble == (
        "the warehouse flow has 999 of 1,000 accepted events in its table; see /d/warehouse.log"
    )


@pytest.mark.parametrize("after", [{}, {"touchpoints": 7}])
def test_a_table_that_is_gone_or_shorter_than_before_has_none_of_this_runs_events(
    after: dict[str, int],
) -> None:
    (trouble,) = told(after=after)
    assert "has 0 of 1,000 accepted events in its table" in trouble


def test_all_that_is_wrong_with_a_flow_is_in_one_sentence_with_its_log() -> None:
    last = structs.replace(LAST, waiting={"warehouse": "it is away"})
    failures = {"warehouse": "did not end within 2.9 s and was killed"}
    (trouble,) = told(last, failures, {"touchpoints": 146})
    assert trouble == (
        "the warehouse flow was not ready when it had to stop (it is away), and did not end within"
        " 2.9 s and was killed, and has 46 of 1,000 accepted events in its table; see"
        " /d/warehouse.log"
    )


def test_a_flow_that_could_not_decide_to_the_end_is_named_too() -> None:
    last = structs.replace(LAST, waiting={"touchpoints": "no luck"})
    assert told(last, {"warehouse": "ended by itself (exit code 4)"}) == [
        "the touchpoints flow was not ready when it had to stop (no luck); see /d/touchpoints.log",
        "the warehouse flow ended by itself (exit code 4); see /d/warehouse.log",
    ]


def test_troubles_are_told_to_people_and_to_programs() -> None:
    out: list[str] = []
    aside: list[str] = []
    JsonReport(out.append, aside.append).closing(ended(["one", "another"]))
    assert aside == ["one", "another"]
    assert json.loads(out[0])["summary"]["troubles"] == ["one", "another"]
    lines = words_of(ended(["one", "another"]))
    assert lines[-2:] == ["trouble       one", "trouble       another"]
    assert lines[:-2] == words_of(ended([]))
    assert lines[-3] == "warehouse     1,005 rows of events and decisions, 1,155 with earlier runs'"
