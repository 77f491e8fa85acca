"""What is done now and then: published actions trimmed, gauges, offsets for tools, the topics."""

import gc
import time
from collections.abc import Iterable

from flows.processor.processor import Processor
from flows.processor.shard import Hold, Shard
from flows.processor.stall_watch import StallWatch
from flows.processor.standing import book_standing
from flows.processor.topic_watch import TopicWatch
from state.store.shard_store import Unsettled
from state.store.wire import WireLost

STANDING_EVERY_S = 1.0
OFFSETS_EVERY_S = 5.0
"""Of each shard, one after the other: all of them at once would hold the broker up for others."""
GARBAGE_EVERY_S = 60.0


class Upkeep:
    """Called by the intake between flushes."""

    def __init__(self, processor: Processor) -> None:
        self._processor = processor
        self._tasks = (
            (self._standing, STANDING_EVERY_S),
            (self._garbage, GARBAGE_EVERY_S),
        )
        now_s = time.monotonic()
        self._done_s = dict.fromkeys((task for task, _ in self._tasks), now_s)
        self._told, self._told_s = 0, now_s
        self._topics = TopicWatch(processor, now_s)
        self._stalls = StallWatch(processor, self._topics.admin, now_s)

    def run(self, idle: bool) -> None:
        """Raises Refused when a topic is not the one it was at start, Stalled when nothing comes
        of what lies in one."""
        now_s = time.monotonic()
        if idle:
            trim_published(self._processor)
        for task, every_s in self._tasks:
            if now_s - self._done_s[task] >= every_s:
                self._done_s[task] = now_s
                task()
        self._offsets(now_s)
        self._topics.look(now_s)
        self._stalls.look(now_s)

    def _standing(self) -> None:
        processor = self._processor
        processor.kafka.look()
        processor.redis.look()
        book_standing(processor, time.time_ns() // 1_000_000)

    def _offsets(self, now_s: float) -> None:
        """Of as many shards as are due: after a long flush several are."""
        shards = self._processor.shards
        due = int((now_s - self._told_s) * len(shards) / OFFSETS_EVERY_S)
        if due:
            self._told_s += due * OFFSETS_EVERY_S / len(shards)
            first, due = self._told, min(due, len(shards))
            self._told = (first + due) % len(shards)
            commit_offsets(self._processor, [shards[(first + n) % len(shards)] for n in range(due)])

    def _garbage(self) -> None:
        """The collector is off (see `start`); what survives is not looked at again."""
        gc.collect(0)


def trim_published(processor: Processor) -> None:
    """Drop what is published from the outboxes, without a new commit. Raises NotDelivered."""
    if any(shard.published for shard in processor.shards) and processor.publisher.settled():
        processor.settle()
    for shard in processor.shards:
        if shard.trim and shard.hold is Hold.OWNED:
            _trim(processor, shard)


def _trim(processor: Processor, shard: Shard) -> None:
    try:
        shard.store.trim(shard.trim)
        shard.trim = 0
    except (WireLost, Unsettled) as doubt:
        processor.lose(shard, doubt, "trim")


def commit_offsets(processor: Processor, shards: Iterable[Shard]) -> None:
    """Tell lag tools how far each of these is."""
    processor.consumer.commit(
        (
            (topic, shard.index, position.next_offset)
            for shard in shards
            if shard.hold is Hold.OWNED
            for topic, position in shard.fence.positions.items()
            if topic in processor.inputs
        )
    )
