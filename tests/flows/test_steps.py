"""Single steps of a flush, with what no broker would bring to order."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec import Struct, json

from connectors.events.dead_letter import Reason, Refusal
from connectors.kafka.murmur2 import partition_of
from decisions.load import load_playbook
from flows.metrics.availability import Availability
from flows.metrics.meter import Meter
from flows.processor import decide
from flows.processor.flush import Flush, Slice
from flows.processor.processor import Processor
from flows.processor.shard import Hold, Shard
from flows.processor.steps import decode_step, route_step
from flows.settings import Settings
from state.fence import Plan
from state.profile import Profile, encode_profile
from state.store.shard_store import ShardStore
from state.times import rfc3339
from state.touchpoint import Touchpoint

RETAIL = load_playbook(Path(__file__).resolve().parents[2] / "playbooks/retail.yaml")
NOW_MS = time.time_ns() // 1_000_000
SHARD = partition_of("ann", Settings().partitions)
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
    body: bytes

    def topic(self) -> str:
        return "touchpoints.click"

    def partition(self) -> int:
        return SHARD

    def offset(self) -> int:
        return 10

    def timestamp(self) -> tuple[int, int]:
        return 1, self.stamp

    def key(self) -> bytes | None:
        return None

    def value(self) -> bytes | None:
        return self.body

    def headers(self) -> list[tuple[str, bytes | None]] | None:
        return None


class NothingStored:
    """The store of a shard whose customers are all new."""

    asked: Sequence[str] = ()

    def begin_load(self, customers: Sequence[str]) -> None:
        self.asked = customers

    def end_load(self) -> list[bytes | None]:
        return [None for _ in self.asked]


def flush_of(stamp: int, *events: dict[str, Any]) -> tuple[Processor, Slice]:
    """A flush of ann's shard, decoded: `events`, or else the one."""
    shard = Shard(SHARD, cast(ShardStore, NothingStored()), 10)
    shard.hold = Hold.OWNED
    messages = [Message(stamp, json.encode(event)) for event in events or (EVENT,)]
    plan = Plan(1, 0, {}, NOW_MS, RETAIL.version, "b", 0)
    part = Slice(shard, plan, False, cast(Any, messages))
    processor = Processor(
        settings=Settings(),
        playbook=RETAIL,
        meter=(meter := Meter()),
        shards=[shard],
        consumer=cast(Any, None),
        publisher=cast(Any, None),
        outage=cast(Any, None),
        kafka=Availability(meter, "kafka"),
        redis=Availability(meter, "redis"),
        topic_ids={},
        build="b",
        stop=threading.Event(),
    )
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


def test_a_bad_event_a_misplaced_and_a_good_one_come_in_one_flush() -> None:
    bad = {key: value for key, value in EVENT.items() if key != "userId"}
    processor, part = flush_of(NOW_MS, bad, {**EVENT, "userId": "bob"}, EVENT)
    route_step(processor, Flush([part]))
    refused, misplaced, good = part.events
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.NO_ID
    assert isinstance(misplaced, Refusal)
    assert misplaced.reason is Reason.MISPLACED
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
