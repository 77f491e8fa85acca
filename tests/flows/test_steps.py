"""Single steps of a flush, with what no broker would bring to order."""

from collections.abc import Callable
from typing import Any

import pytest

from connectors.events.dead_letter import Reason, Refusal
from connectors.kafka.murmur2 import partition_of
from flows.processor import decide
from flows.processor.flush import Elsewhere, Flush
from flows.processor.steps import route_step
from flows.settings import Settings
from state.profile import Profile, encode_profile
from state.times import rfc3339
from state.touchpoint import Touchpoint
from tests.flows.one_flush import EVENT, NOW_MS, flush_of


@pytest.mark.parametrize("stamp", [-1, 0, 253_402_300_800_000, 2**62])
def test_a_timestamp_that_no_calendar_has_is_as_good_as_none(stamp: int) -> None:
    """An event with one could not be written down, and so not be decided."""
    _, part = flush_of(stamp)
    (event,) = part.events
    assert isinstance(event, Touchpoint)
    assert event.received_ms == NOW_MS
    assert rfc3339(event.received_ms)


def test_a_timestamp_of_the_log_is_when_the_event_was_received() -> None:
    _, part = flush_of(NOW_MS - 7)
    (event,) = part.events
    assert isinstance(event, Touchpoint)
    assert event.received_ms == NOW_MS - 7


def test_want_of_memory_is_no_fault_of_the_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a dead letter it would be one on this machine and none on the next."""

    def exhausted(*_: Any) -> None:
        raise MemoryError

    processor, part = flush_of(NOW_MS)
    part.shard.profiles["ann"] = Profile()
    monkeypatch.setattr(decide, "decide", exhausted)
    with pytest.raises(MemoryError):
        decide._decide_slice(processor, part)
    assert part.dead_letters == []


def test_a_bad_event_one_of_another_shard_and_a_good_one_come_in_one_flush() -> None:
    bad = {key: value for key, value in EVENT.items() if key != "userId"}
    processor, part = flush_of(NOW_MS, bad, {**EVENT, "userId": "bob"}, EVENT)
    route_step(processor, Flush([part]))
    refused, elsewhere, good = part.events
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.NO_ID
    assert elsewhere == Elsewhere(partition_of("bob", Settings().partitions))
    assert isinstance(good, Touchpoint)
    assert part.shard.profiles == {"ann": Profile()}


def test_an_event_that_cannot_be_decided_is_as_if_it_had_not_come_however_many_came_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A profile knows its last 64 events: what is undone from further back would count again."""
    events = [{**EVENT, "messageId": f"m{number}"} for number in range(200)]
    undecidable = {"m70", "m150"}
    original: Callable[..., Any] = vars(decide)["decide"]

    def choosy(profile: Profile, event: Touchpoint, *rest: Any) -> Any:
        if event.message_id in undecidable:
            raise ValueError
        return original(profile, event, *rest)

    monkeypatch.setattr(decide, "decide", choosy)
    assert decided(events) == decided([e for e in events if e["messageId"] not in undecidable])


def decided(events: list[dict[str, Any]]) -> bytes:
    """Ann's profile after a flush of `events`."""
    processor, part = flush_of(NOW_MS, *events)
    route_step(processor, Flush([part]))
    decide.decide_step(processor, Flush([part]))
    return encode_profile(part.touched["ann"])
