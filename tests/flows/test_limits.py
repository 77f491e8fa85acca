"""The limits that the playbook declares hold in the flow; what is corrected is counted."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from connectors.events.dead_letter import Reason, Refusal
from connectors.kafka.broadcast import Told
from flows.metrics.meter import Meter
from flows.processor import decide
from flows.processor.booking import book
from flows.processor.flush import Elsewhere, Flush, Repeat, Slice
from flows.processor.steps import decode_step, route_step
from state.decided import Decided
from state.limits import Limits
from state.profile import Profile
from state.repeats import LAST_RECEIVED_MS, Window
from state.times import rfc3339
from state.touchpoint import Touchpoint
from tests.flows.one_flush import EVENT, NOW_MS, RETAIL, flush_of

HOUR_MS = 3_600_000
AHEAD = {
    **EVENT,
    "timestamp": rfc3339(NOW_MS + 24 * HOUR_MS),
    "sentAt": rfc3339(NOW_MS + 25 * HOUR_MS),
}
"""Happened an hour before it was sent, by a clock that is a day ahead."""

Decoded = Touchpoint | Decided | Refusal | Elsewhere | Repeat | Told


def decided(
    limits: Limits, *events: dict[str, Any], stamp: int = NOW_MS
) -> tuple[Slice, Meter, list[Decoded]]:
    """A flush of ann's `events`, by a playbook with these limits, and how they were decoded."""
    processor, part = flush_of(stamp, *events)
    processor.playbook = replace(RETAIL, limits=limits)
    part.events.clear()
    flush = Flush([part])
    decode_step(processor, flush)
    decoded = part.events[:]
    route_step(processor, flush)
    decide.decide_step(processor, flush)
    book(processor, flush)
    return part, processor.meter, decoded


def ids(*names: str) -> list[dict[str, Any]]:
    return [{**EVENT, "messageId": name} for name in names]


def known(part: Slice) -> Profile:
    return part.shard.profiles["ann"]


@pytest.mark.parametrize(
    ("limits", "off_ms", "reason"),
    [
        (Limits(late_ms=HOUR_MS), -HOUR_MS - 1, Reason.TOO_LATE),
        (Limits(ahead_ms=1_000), 1_001, Reason.IN_FUTURE),
    ],
)
def test_events_are_judged_by_the_limits_of_the_playbook(
    limits: Limits, off_ms: int, reason: Reason
) -> None:
    event = {**EVENT, "timestamp": rfc3339(NOW_MS + off_ms)}
    _, _, (refused,) = decided(limits, event)
    assert isinstance(refused, Refusal)
    assert refused.reason is reason
    _, _, (taken,) = decided(Limits(), event)
    assert isinstance(taken, Touchpoint)


def test_repeats_are_dropped_within_the_window_of_the_playbook() -> None:
    events = ids("m0", "m1", "m0", "m0")
    part, meter, _ = decided(Limits(), *events)
    assert known(part).channels["click"].events == 2
    part, meter, _ = decided(Limits(duplicates=Window(ids=1)), *events)
    assert known(part).channels["click"].events == 3
    counted = meter.value("touchline_events_total", channel="click", outcome="duplicate")
    assert counted == 1


def test_what_is_undone_is_folded_again_within_the_same_window(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original: Callable[..., Any] = vars(decide)["decide"]

    def choosy(profile: Profile, event: Touchpoint, *rest: Any) -> Any:
        if event.message_id == "bad":
            raise ValueError
        return original(profile, event, *rest)

    monkeypatch.setattr(decide, "decide", choosy)
    part, _, _ = decided(Limits(duplicates=Window(ids=1)), *ids("m0", "m1", "m0", "bad", "m2"))
    assert known(part).channels["click"].events == 4


def test_a_corrected_event_is_counted_once_and_stays_as_it_came() -> None:
    part, meter, _ = decided(Limits(), AHEAD, AHEAD, *ids("m2"), stamp=NOW_MS - 2_000)
    (_, row), _ = part.rows
    record = json.loads(row)
    assert record["occurred_at"] == rfc3339(NOW_MS - 2_000 - HOUR_MS)
    assert record["original"] == AHEAD
    assert meter.value("touchline_events_corrected_total", channel="click") == 1
    assert meter.value("touchline_events_total", channel="click", outcome="accepted") == 2
    assert known(part).first_at == NOW_MS - 2_000 - HOUR_MS


def test_an_event_within_the_limits_is_not_counted_as_corrected() -> None:
    _, meter, _ = decided(Limits(), *ids("m0"))
    assert meter.value("touchline_events_corrected_total", channel="click") == 0


@pytest.mark.parametrize(
    ("stamp", "believed"),
    [
        (-1, False),
        (0, False),
        (1, True),
        (LAST_RECEIVED_MS, True),
        (LAST_RECEIVED_MS + 1, False),
        (1 << 62, False),
    ],
)
def test_a_record_s_timestamp_is_believed_as_far_as_it_can_be_remembered(
    stamp: int, believed: bool
) -> None:
    part, _, (event,) = decided(Limits(), EVENT, stamp=stamp)
    assert isinstance(event, Touchpoint)
    assert event.received_ms == (stamp if believed else NOW_MS)
    assert len(part.rows) == 1
