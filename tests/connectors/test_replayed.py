"""An event that is written again from its dead letter carries when it first became one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.events.replayed import REPLAY, first_at_ms, replay_header
from state.times import milliseconds

NOW_MS = 1_800_000_000_000
FIRST = datetime(2026, 11, 26, 12, 0, 0, 123_000, UTC)


def header(first_at: datetime = FIRST) -> tuple[str, bytes]:
    return replay_header("id", 3, 41, first_at)


def test_without_the_header_an_event_is_a_dead_letter_for_the_first_time() -> None:
    assert first_at_ms([], NOW_MS) == NOW_MS
    assert first_at_ms([("trace", b"1"), ("none", None)], NOW_MS) == NOW_MS


def test_the_header_tells_when_it_first_became_one() -> None:
    assert first_at_ms([("trace", b"1"), header()], NOW_MS) == milliseconds(FIRST)


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"7",
        b"\xff",
        b'{"topic_id":"id","partition":3,"offset":41}',
        b'{"topic_id":"id","partition":3,"offset":41,"first_at":"2026-11-26T12:00:00"}',
        b'{"topic_id":"id","partition":3,"offset":41,"first_at":"0001-01-01T00:00:00+14:00"}',
        b'{"topic_id":"id","partition":3,"offset":41,"first_at":"2999-01-01T00:00:00Z"}',
    ],
)
def test_a_header_that_is_none_of_ours_is_as_good_as_none(value: bytes | None) -> None:
    assert first_at_ms([(REPLAY, value)], NOW_MS) == NOW_MS
    assert first_at_ms([(REPLAY, value), header()], NOW_MS) == milliseconds(FIRST)


@given(st.binary())
def test_whatever_the_header_holds_it_costs_no_dead_letter(value: bytes) -> None:
    assert 0 <= first_at_ms([(REPLAY, value)], NOW_MS) <= NOW_MS
