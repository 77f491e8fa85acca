"""Single steps of a flush, with what no broker would bring to order."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec import Struct, json

from decisions.load import load_playbook
from flows.processor import decide
from flows.processor.flush import Flush, Slice
from flows.processor.processor import Processor
from flows.processor.shard import Shard
from flows.processor.steps import decode_step
from flows.settings import Settings
from state.fence import Plan
from state.profile import Profile
from state.store.shard_store import ShardStore
from state.times import rfc3339
from state.touchpoint import Touchpoint

RETAIL = load_playbook(Path(__file__).resolve().parents[2] / "playbooks/retail.yaml")
NOW_MS = time.time_ns() // 1_000_000
EVENT = {
    "messageId": "m1",
    "type": "track",
    "event": "Product Viewed",
    "userId": "ann",
    "timestamp": rfc3339(NOW_MS),
}


class Message(Struct):
    """A record with a timestamp that its producer chose."""

    stamp: int

    def topic(self) -> str:
        return "touchpoints.click"

    def timestamp(self) -> tuple[int, int]:
        return 1, self.stamp

    def value(self) -> bytes | None:
        return json.encode(EVENT)


def flush_of(stamp: int) -> tuple[Processor, Slice]:
    """A flush of one event, decoded."""
    shard = Shard(0, cast(ShardStore, None), 10)
    plan = Plan(1, 0, {}, NOW_MS, RETAIL.version, "b", 0)
    part = Slice(shard, plan, False, cast(Any, [Message(stamp)]))
    processor = cast(Processor, SimpleNamespace(settings=Settings(), playbook=RETAIL))
    decode_step(processor, Flush([part]))
    return processor, part


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
