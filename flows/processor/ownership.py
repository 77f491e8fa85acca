"""Taking shards: epoch, plan log, start position, leftovers; at start and after every doubt."""

import logging
import time
from collections.abc import Callable, Sequence

import msgspec
from confluent_kafka import KafkaException
from msgspec import structs

from connectors.plan_log import PlanLogUnreadable, read_plans
from flows.processor.processor import Processor
from flows.processor.shard import Hold, Shard
from state.fence import VERSION, Fence, Position
from state.store import Fenced, Refused, Taken, Unsettled
from state.wire import WireLost

log = logging.getLogger("touchline.touchpoints")

decode_entry = msgspec.msgpack.Decoder(tuple[bytes, bytes]).decode


def take_due(processor: Processor) -> None:
    """Take every waiting shard whose time has come. Raises Refused when one must not be taken."""
    now_s = time.monotonic()
    due = [s for s in processor.shards if s.hold is Hold.WAITING and s.retry_at <= now_s]
    if due:
        _take(processor, due)
        processor.report_holds()


def _take(processor: Processor, due: Sequence[Shard]) -> None:
    taken: dict[int, Taken] = {}
    for shard in due:
        try:
            taken[shard.index] = shard.store.take(
                time.time_ns() // 1000, _first_fence(processor, shard)
            )
        except Fenced as fenced:
            processor.leave(shard, fenced)
        except (WireLost, Unsettled, KafkaException) as doubt:
            processor.lose(shard, doubt)
    processor.meter.set("touchline_redis_up", 1 if taken else 0)
    if not taken:
        return
    for index, found in taken.items():
        _check(processor, index, found.fence)
    try:
        logs = read_plans(
            processor.settings.kafka_config,
            {i: found.fence.plan_offset for i, found in taken.items()},
        )
    except (PlanLogUnreadable, KafkaException) as doubt:
        for index in taken:
            processor.lose(processor.by_index[index], doubt)
        return
    for index, found in taken.items():
        shard = processor.by_index[index]
        shard.own(_with_new_topics(processor, index, found), logs[index])
        if shard.todo:
            log.info("shard %d: %d flushes were begun and are done again", index, len(shard.todo))
        # Oldest first, and ahead of everything new: the same bytes in the same order as before.
        processor.publisher.actions(index, map(decode_entry, found.outbox))
        shard.published = len(found.outbox)
        processor.consumer.start(
            index,
            {topic: position.next_offset for topic, position in shard.fence.positions.items()},
        )


def _first_fence(processor: Processor, shard: Shard) -> Callable[[], Fence]:
    def first() -> Fence:
        if shard.seen_commit or processor.consumer.committed(shard.index):
            raise Refused(
                f"shard {shard.index}: Redis holds no fence, and Kafka shows that this shard was "
                "worked on: expected the Redis that holds its state, got an empty one; point "
                "TOUCHLINE_REDIS_URL to the right one or restore it from its backup"
            )
        earliest = processor.consumer.earliest(shard.index)
        return Fence(
            version=VERSION,
            owner="",
            epoch=0,
            generation=0,
            commit=0,
            partitions=processor.settings.partitions,
            now_ms=0,
            plan_offset=0,
            plan=None,
            positions={
                topic: Position(processor.topic_ids[topic], offset)
                for topic, offset in earliest.items()
            },
        )

    return first


def _with_new_topics(processor: Processor, index: int, taken: Taken) -> Taken:
    """A channel that was added since begins at its topic's earliest offset."""
    known = taken.fence.positions
    if processor.topic_ids.keys() <= known.keys():
        return taken
    added = {
        topic: Position(processor.topic_ids[topic], offset)
        for topic, offset in processor.consumer.earliest(index).items()
        if topic not in known
    }
    fence = structs.replace(taken.fence, positions={**known, **added})
    return structs.replace(taken, fence=fence)


def _check(processor: Processor, index: int, fence: Fence) -> None:
    if fence.partitions != processor.settings.partitions:
        raise Refused(
            f"shard {index}: expected {fence.partitions} partitions, which its state was made "
            f"with, got {processor.settings.partitions}: the number is fixed for life"
        )
    for topic, position in fence.positions.items():
        now_id = processor.topic_ids.get(topic)
        if now_id is not None and now_id != position.topic_id:
            raise Refused(
                f"topic {topic} was made anew: expected id {position.topic_id}, got {now_id}; its "
                "offsets mean other events now. Restore the topic, or begin with an empty Redis"
            )
