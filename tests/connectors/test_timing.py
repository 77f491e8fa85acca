"""Events out of time: what is corrected, what is refused, and that nothing else happens."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.events.dead_letter import Reason, Refusal
from connectors.events.decode import decode
from connectors.events.timing import span
from state.limits import USUAL, Limits
from state.times import rfc3339
from state.touchpoint import Touchpoint
from tests.connectors.samples import NOW, raw

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
YEAR = 365 * DAY
LOGGED = NOW - 2 * SECOND
"""When the broker logged the record: not when it is judged."""


def judged(limits: Limits = USUAL, logged_ms: int = LOGGED, **told_ms: int) -> Touchpoint | Refusal:
    """An event with these times, less NOW, and no others."""
    times = {name: rfc3339(NOW + ms) for name, ms in told_ms.items()}
    return decode(
        raw(**{"timestamp": ..., "sentAt": ..., **times}), "click", logged_ms, NOW, limits
    )


def happened(**told_ms: Any) -> int:
    """When, less NOW; it was corrected."""
    result = judged(**told_ms)
    assert isinstance(result, Touchpoint), result
    assert result.corrected
    return result.at_ms - NOW


def refused(**told_ms: Any) -> Reason:
    result = judged(**told_ms)
    assert isinstance(result, Refusal), result
    return result.reason


def test_the_usual_limits_are_30_days_and_5_minutes() -> None:
    assert (USUAL.late_ms, USUAL.ahead_ms) == (30 * DAY, 5 * MINUTE)


@pytest.mark.parametrize("at", [5 * MINUTE, 0, -2 * HOUR, -30 * DAY])
def test_a_time_within_the_limits_stays_as_it_is_whatever_else_is_told(at: int) -> None:
    wild: list[dict[str, Any]] = [{"sentAt": at + 9}, {"sentAt": at - YEAR, "receivedAt": YEAR}]
    for others in ({}, *wild):
        result = judged(timestamp=at, **others)
        assert isinstance(result, Touchpoint)
        assert (result.at_ms, result.corrected) == (NOW + at, False)


@pytest.mark.parametrize("ahead", [5 * MINUTE + 1, 10 * MINUTE, 3 * HOUR, 400 * YEAR])
def test_a_clock_that_is_ahead_is_corrected_by_when_the_event_was_sent(ahead: int) -> None:
    waited = 90 * MINUTE
    sent = ahead + waited
    assert happened(timestamp=ahead, sentAt=sent, receivedAt=-7) == -7 - waited
    assert happened(timestamp=ahead, sentAt=sent) == LOGGED - NOW - waited


def test_what_the_device_said_is_the_original_timestamp_where_there_is_one() -> None:
    told = {"timestamp": HOUR, "originalTimestamp": 2 * HOUR, "sentAt": 2 * HOUR + MINUTE}
    assert happened(**told, receivedAt=-SECOND) == -SECOND - MINUTE
    assert happened(originalTimestamp=2 * HOUR, sentAt=2 * HOUR) == LOGGED - NOW


def test_without_a_time_of_sending_it_happened_when_it_was_received() -> None:
    assert happened(timestamp=HOUR, receivedAt=-3 * HOUR) == -3 * HOUR


def test_the_record_s_own_timestamp_alone_corrects_nothing() -> None:
    assert refused(timestamp=HOUR) is Reason.IN_FUTURE


def test_a_corrected_time_may_be_ahead_by_as_much_as_any() -> None:
    told = {"timestamp": HOUR, "sentAt": HOUR}
    assert happened(**told, receivedAt=5 * MINUTE) == 5 * MINUTE
    assert refused(**told, receivedAt=5 * MINUTE + 1) is Reason.IN_FUTURE
    assert happened(timestamp=HOUR, receivedAt=5 * MINUTE) == 5 * MINUTE
    assert refused(timestamp=HOUR, receivedAt=5 * MINUTE + 1) is Reason.IN_FUTURE


def test_a_time_of_receipt_that_is_ahead_itself_is_not_believed() -> None:
    told = {"timestamp": 9 * HOUR, "sentAt": 12 * HOUR}
    assert refused(**told, receivedAt=HOUR) is Reason.IN_FUTURE
    assert refused(**told, logged_ms=NOW + HOUR) is Reason.IN_FUTURE


@pytest.mark.parametrize("before", [5 * MINUTE + 1, HOUR, 2 * YEAR])
def test_an_event_that_was_sent_before_it_happened_is_not_believed(before: int) -> None:
    sent = HOUR - before
    assert refused(timestamp=HOUR, sentAt=sent, receivedAt=-30 * DAY) is Reason.IN_FUTURE
    assert refused(timestamp=HOUR, sentAt=sent) is Reason.IN_FUTURE


def test_a_little_disorder_of_a_device_s_clock_is_believed() -> None:
    assert happened(timestamp=HOUR, sentAt=HOUR - 5 * MINUTE, receivedAt=0) == 5 * MINUTE
    assert happened(timestamp=HOUR, sentAt=HOUR - 1, receivedAt=-DAY) == -DAY + 1


def test_a_late_receipt_and_a_little_disorder_together_may_be_too_far_ahead() -> None:
    told = {"timestamp": HOUR, "sentAt": HOUR - 3 * MINUTE}
    assert happened(**told, receivedAt=2 * MINUTE) == 5 * MINUTE
    assert refused(**told, receivedAt=2 * MINUTE + 1) is Reason.IN_FUTURE


def test_a_corrected_time_is_too_late_where_any_other_would_be() -> None:
    told: dict[str, Any] = {"timestamp": HOUR, "receivedAt": 0}
    assert happened(**told, sentAt=HOUR + 30 * DAY) == -30 * DAY
    assert refused(**told, sentAt=HOUR + 30 * DAY + 1) is Reason.TOO_LATE
    assert refused(timestamp=HOUR, receivedAt=-YEAR) is Reason.TOO_LATE
    late = judged(**told, sentAt=HOUR + YEAR)
    assert isinstance(late, Refusal)
    assert "corrected" in late.detail


def test_the_limits_are_those_that_are_handed_in_and_the_detail_says_them() -> None:
    limits = Limits(late_ms=2 * DAY, ahead_ms=90 * SECOND)
    assert isinstance(judged(limits, timestamp=90 * SECOND), Touchpoint)
    assert isinstance(judged(limits, timestamp=-2 * DAY), Touchpoint)
    early = judged(limits, timestamp=90 * SECOND + 1)
    late = judged(limits, timestamp=-2 * DAY - 1)
    assert isinstance(early, Refusal)
    assert isinstance(late, Refusal)
    assert (early.reason, late.reason) == (Reason.IN_FUTURE, Reason.TOO_LATE)
    assert "90 seconds" in early.detail
    assert "2 days" in late.detail
    assert "corrected" not in late.detail


def test_a_duration_is_said_in_the_largest_unit_that_fits() -> None:
    said = {span(ms) for ms in (DAY, 30 * DAY, 36 * HOUR, 5 * MINUTE, SECOND, 90 * SECOND)}
    assert said == {"1 day", "30 days", "36 hours", "5 minutes", "1 second", "90 seconds"}


# Laws

times = st.integers(-2 * YEAR, 2 * YEAR) | st.integers(-HOUR, HOUR)
maybe = st.none() | times


@given(times, maybe, maybe, maybe, times)
def test_whatever_the_clocks_say_a_time_that_is_taken_is_within_the_limits(
    at: int, original: int | None, sent: int | None, received: int | None, logged: int
) -> None:
    told: dict[str, Any] = {}
    told |= {"timestamp": at, "originalTimestamp": original, "sentAt": sent, "receivedAt": received}
    known = {name: ms for name, ms in told.items() if ms is not None}
    result = judged(logged_ms=NOW + logged, **known)
    if isinstance(result, Touchpoint):
        assert NOW - 30 * DAY <= result.at_ms <= NOW + 5 * MINUTE
        assert result.corrected == (at > 5 * MINUTE)
        assert result.corrected or result.at_ms == NOW + at
    else:
        assert result.reason in (Reason.IN_FUTURE, Reason.TOO_LATE)
        assert result.reason is Reason.TOO_LATE or at > 5 * MINUTE


steps = st.integers(-10 * MINUTE, 10 * MINUTE)
waits = st.integers(0, 10 * MINUTE) | st.integers(0, 6 * HOUR)


@given(steps, steps, waits, st.booleans(), st.booleans())
def test_steps_of_a_producer_s_clock_by_10_minutes_have_only_the_documented_outcomes(
    then: int, later: int, waited: int, says_sent: bool, says_received: bool
) -> None:
    """The clock was wrong by `then` when it happened, by `later` when it was sent and received."""
    received = LOGGED - NOW
    really = received - waited
    told: dict[str, Any] = {"timestamp": really + then}
    if says_sent:
        told["sentAt"] = received + later
    if says_received:
        told["receivedAt"] = received
    result = judged(**told)
    if really + then <= 5 * MINUTE:
        expected: Any = (NOW + really + then, False)
    elif says_sent and really + then - later <= 5 * MINUTE and waited + later - then >= -5 * MINUTE:
        expected = (NOW + really + then - later, True)  # right, if the step was not in between
    elif says_received and not says_sent:
        expected = (LOGGED, True)
    else:
        expected = Reason.IN_FUTURE
    if isinstance(result, Touchpoint):
        assert (result.at_ms, result.corrected) == expected
    else:
        assert result.reason is expected
