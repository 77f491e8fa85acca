"""Taking shards: epoch, plan log, start position, leftovers; at start and after every doubt."""

import logging
import time
from collections.abc import Callable, Sequence

from confluent_kafka import KafkaException
from msgspec import structs

from connectors.kafka.plan_log import PlanLog, PlanLogUnreadable, read_plans
from connectors.kafka.to_end import Unread
from connectors.kafka.topics import ENRICHED
from flows.processor.acted import newest_actions
from flows.processor.definitions import definitions_of, recall_journeys
from flows.processor.processor import Processor
from flows.processor.recalling import used_up
from flows.processor.shard import Hold, Shard
from flows.processor.world import decode_ledger, recall
from state.fence import VERSION, Fence, Position
from state.outbox import read_outbox
from state.store.shard_store import Fenced, Refused, Taken, Unsettled
from state.store.wire import WireLost
from state.store.world import StoredWorld

log = logging.getLogger("touchline.touchpoints")


def take_due(processor: Processor) -> None:
    """Take every waiting shard whose time has come. Raises Refused when one must not be taken."""
    now_s = time.monotonic()
    due = [s for s in processor.shards if s.hold is Hold.WAITING and s.retry_at <= now_s]
    if due:
        _take(processor, due)
        processor.report_holds()


def _take(processor: Processor, due: Sequence[Shard]) -> None:
    began_s = time.perf_counter()
    taken = _claim(processor, due)
    if not taken:
        return
    for index, found in taken.items():
        _check(processor, index, found.fence)
    try:
        logs = read_plans(
            processor.settings.kafka_config,
            {index: found.fence.plan_offset for index, found in taken.items()},
            processor.execution.stop.is_set,
        )
        acted = newest_actions(
            processor.settings.kafka_config,
            [
                i
                for i, found in taken.items()
                if logs[i].latest > _place(found.fence) or not logs[i].whole
            ],
        )
    except (PlanLogUnreadable, Unread, KafkaException) as doubt:
        for index in taken:
            processor.lose(processor.by_index[index], doubt, "take")
        return
    for index, found in taken.items():
        shard = processor.by_index[index]
        try:
            _begin(processor, shard, found, logs[index])
        except KafkaException as doubt:
            processor.lose(shard, doubt, "take")
        else:
            shard.acted = acted.get(index, shard.acted)
            _book(processor, shard, logs[index].end - found.fence.plan_offset, began_s)


def _place(fence: Fence) -> tuple[int, int]:
    return fence.generation, fence.commit


def read_on(processor: Processor) -> None:
    """Read the next piece of the plan log of each shard that has done what it knows of it."""
    short = {
        shard.index: shard.log_end
        for shard in processor.shards
        if shard.hold is Hold.OWNED and shard.unread and not shard.todo
    }
    if not short:
        return
    config, stopped = processor.settings.kafka_config, processor.execution.stop.is_set
    try:
        logs = read_plans(config, short, stopped)
    except (PlanLogUnreadable, KafkaException) as doubt:
        for index in short:
            processor.lose(processor.by_index[index], doubt, "take")
        return
    for index, found in logs.items():
        shard = processor.by_index[index]
        shard.add_begun(found)
        _check_topics_of_plans(processor, shard)


def _claim(processor: Processor, due: Sequence[Shard]) -> dict[int, Taken]:
    """Shard → what was found, for those that this process is the owner of from now on."""
    taken: dict[int, Taken] = {}
    owners: dict[Shard, str] = {}
    for position, shard in enumerate(due):
        try:
            taken[shard.index] = shard.store.take(
                time.time_ns() // 1000,
                _first_fence(processor, shard),
                journeys=definitions_of(processor.playbook),
            )
        except Fenced as fenced:
            owners[shard] = fenced.owner
        except WireLost as away:
            for other in due[position:]:  # one Redis: the others would wait as long for nothing
                processor.lose(other, away, "take")
            break
        except (Unsettled, KafkaException) as doubt:
            processor.lose(shard, doubt, "take")
        else:
            processor.redis.tell(True)
    if owners:
        processor.leave(owners)
    return taken


def _book(processor: Processor, shard: Shard, logged: int, began_s: float) -> None:
    """Metrics of a shard that is taken; `logged`: records of the plan log that were read for it."""
    meter = processor.meter
    meter.add("touchline_shards_taken_total")
    meter.observe("touchline_take_seconds", time.perf_counter() - began_s)
    meter.add("touchline_plans_found_total", len(shard.todo))
    meter.add("touchline_plan_log_records_total", max(logged, 0))


def _begin(processor: Processor, shard: Shard, found: Taken, log_found: PlanLog) -> None:
    """Go on where the last owner was: its begun flushes, its recorded actions, its positions."""
    shard.own(_with_new_topics(processor, shard.index, found), log_found)
    recall_journeys(processor.playbook, found.journeys)
    stored = StoredWorld(found.learned, found.told, found.products, found.budgets)
    shard.world = recall(processor.playbook, stored)
    shard.ledger = {name: decode_ledger(blob) for name, blob in found.ledger.items()}
    shard.recalls = used_up(processor.playbook, shard.world)
    _check_topics_of_plans(processor, shard)
    if shard.todo:
        log.info("shard %d: %d flushes were begun and are done again", shard.index, len(shard.todo))
    # Oldest first, and ahead of everything new: the same bytes in the same order as before.
    actions, forwards = read_outbox(found.outbox)
    processor.publisher.actions(shard.index, ((entry.key, entry.record) for entry in actions))
    processor.publisher.forwards(shard.index, iter(forwards))
    shard.published = len(found.outbox)
    positions = shard.fence.positions
    processor.consumer.start(
        shard.index, {topic: position.next_offset for topic, position in positions.items()}
    )


def _first_fence(processor: Processor, shard: Shard) -> Callable[[], Fence]:
    def first() -> Fence:
        if shard.seen_commit or processor.consumer.worked_on(shard.index):
            raise Refused(
                f"shard {shard.index}: Redis holds no fence, and Kafka shows that this shard was "
                "worked on: expected the Redis that holds its state, got an empty one; point "
                "TOUCHLINE_REDIS_URL to the right one, restore it from its backup or, if it is "
                "lost, make the state anew from Kafka: `touchline rebuild`"
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
            log_id=processor.topic_ids[ENRICHED],
        )

    return first


def _with_new_topics(processor: Processor, index: int, taken: Taken) -> Taken:
    """A channel that was added since begins at its topic's earliest offset."""
    known = taken.fence.positions
    if known.keys() >= set(processor.inputs):
        return taken
    added = {
        topic: Position(processor.topic_ids[topic], offset)
        for topic, offset in processor.consumer.earliest(index).items()
        if topic not in known
    }
    fence = structs.replace(taken.fence, positions={**known, **added})
    return structs.replace(taken, fence=fence)


def _check_topics_of_plans(processor: Processor, shard: Shard) -> None:
    gone = {topic for plan in shard.todo for topic in plan.ranges} - {*processor.inputs}
    if gone:
        raise Refused(
            f"shard {shard.index}: a flush that was begun reads {', '.join(sorted(gone))}, which "
            "TOUCHLINE_CHANNELS does not name any more; run once with it, then take it out"
        )


def _check(processor: Processor, index: int, fence: Fence) -> None:
    if fence.partitions != processor.settings.partitions:
        raise Refused(
            f"shard {index}: expected {fence.partitions} partitions, which its state was made "
            f"with, got {processor.settings.partitions}: the number is fixed for life"
        )
    log_id = processor.topic_ids[ENRICHED]
    if fence.log_id != log_id:
        raise Refused(
            f"topic {ENRICHED} was made anew: expected id {fence.log_id}, got {log_id}; what was "
            "begun is no longer known. Restore the topic, or go on without: `touchline topics "
            f"accept-recreated {ENRICHED}`"
        )
    for topic, position in fence.positions.items():
        now_id = processor.topic_ids.get(topic)
        if now_id is not None and now_id != position.topic_id:
            raise Refused(
                f"topic {topic} was made anew: expected id {position.topic_id}, got {now_id}; its "
                "offsets mean other events now. Restore the topic, or go on with the new one: "
                f"`touchline topics accept-recreated {topic}`"
            )
