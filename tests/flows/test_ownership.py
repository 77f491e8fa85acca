"""Taking shards: from whom, from where, and what becomes of the others when one cannot be had."""

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from connectors.kafka.topics import ENRICHED
from decisions.playbook import Playbook
from flows.metrics.availability import Availability
from flows.metrics.meter import Meter
from flows.processor.ownership import _claim, _first_fence
from flows.processor.processor import Processor
from flows.processor.shard import Hold, Shard
from flows.settings import Settings
from state.fence import Position
from state.store.shard_store import Fenced, Refused, ShardStore
from state.store.wire import Wire

TOPIC = "touchpoints.click"


def processor_of(redis_url: str, *, worked_on: bool = False) -> Processor:
    """A process that is to take four shards of a Redis; in Kafka they begin at offset 7."""
    consumer = SimpleNamespace(
        stop=lambda _shard: None,
        worked_on=lambda _shard: worked_on,
        earliest=lambda _shard: {TOPIC: 7},
    )
    return Processor(
        settings=Settings(partitions=4),
        playbook=cast(Playbook, None),
        meter=(meter := Meter()),
        shards=[
            Shard(index, ShardStore(lambda: Wire(redis_url), index, "me"), 100)
            for index in range(4)
        ],
        consumer=cast(Any, consumer),
        publisher=cast(Any, None),
        outage=cast(Any, None),
        kafka=Availability(meter, "kafka"),
        redis=Availability(meter, "redis"),
        topic_ids={TOPIC: "id", ENRICHED: "log id"},
        build="b",
        stop=threading.Event(),
    )


@pytest.mark.parametrize(("seen_commit", "worked_on"), [(5, False), (0, True)])
def test_an_empty_redis_is_refused_once_this_process_or_kafka_knows_better(
    seen_commit: int, worked_on: bool
) -> None:
    processor = processor_of("unused", worked_on=worked_on)
    shard = processor.shards[0]
    shard.seen_commit = seen_commit
    with pytest.raises(Refused, match="shard 0: Redis holds no fence"):
        _first_fence(processor, shard)()


def test_a_shard_that_nobody_worked_on_begins_at_the_earliest_records() -> None:
    processor = processor_of("unused")
    fence = _first_fence(processor, processor.shards[0])()
    assert fence.positions == {TOPIC: Position("id", 7)}
    assert (fence.commit, fence.partitions, fence.log_id) == (0, 4, "log id")


def test_when_redis_is_away_every_shard_that_was_due_waits() -> None:
    processor = processor_of("redis://127.0.0.1:1/0")
    assert _claim(processor, processor.shards[1:]) == {}
    assert [shard.retry_at > 0 for shard in processor.shards] == [False, True, True, True]


def test_a_process_goes_on_with_what_another_owner_has_left_it(fresh_redis: str) -> None:
    processor = processor_of(fresh_redis)
    assert claimed(processor) == {0, 1, 2, 3}
    other_takes(fresh_redis, processor.shards[2])
    assert claimed(processor) == {0, 1, 3}
    assert processor.shards[2].hold is Hold.GONE
    assert processor.meter.value("touchline_shards_fenced_total") == 1
    assert not processor.execution.over()
    other_takes(fresh_redis, *waiting(processor))
    assert claimed(processor) == set()
    with pytest.raises(Fenced, match="other has taken it"):
        processor.execution.raise_failure()


def waiting(processor: Processor) -> list[Shard]:
    return [shard for shard in processor.shards if shard.hold is Hold.WAITING]


def claimed(processor: Processor) -> set[int]:
    return set(_claim(processor, waiting(processor)))


def other_takes(redis_url: str, *shards: Shard) -> None:
    for shard in shards:
        store = ShardStore(lambda: Wire(redis_url), shard.index, "other")
        store.take(0, _first_fence(processor_of(redis_url), shard))
        store.close()
