"""A flush of one shard, decoded, without a broker or a Redis."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from msgspec import Struct, json

from connectors.kafka.murmur2 import partition_of
from decisions.load import load_playbook
from flows.metrics.availability import Availability
from flows.metrics.meter import Meter
from flows.processor.flush import Flush, Slice
from flows.processor.processor import Processor
from flows.processor.shard import Hold, Shard
from flows.processor.steps import decode_step
from flows.settings import Settings
from state.fence import Plan
from state.store.shard_store import ShardStore
from state.times import rfc3339

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
