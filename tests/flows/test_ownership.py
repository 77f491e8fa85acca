"""Taking shards: from whom, from where, and what becomes of the others when one cannot be had."""

import threading
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from connectors.kafka.plan_log import PlanLog
from connectors.kafka.topics import ENRICHED
from decisions.playbook import Playbook
from flows.metrics.availability import Availability
from flows.metrics.meter import Meter
from flows.processor import ownership
from flows.processor.ownership import _claim, _first_fence
from flows.processor.processor import Processor
from flows.processor.shard import Hold, Shard
from flows.settings import Settings
from state.fence import VERSION, Fence, Plan, Position, Range
from state.store.shard_store import Fenced, Refused, ShardStore, Taken
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
        playbook=cast(
            Playbook,
            SimpleNamespace(journeys={}, earlier={}, model=None, products=frozenset()),
        ),
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
    with pytest.raises(Refused, match=r"shard 0: Redis holds no fence, .*`touchline rebuild`"):
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
    with pytest.raises(Fenced, match=r"^all 4 shards were taken by other$"):
        processor.execution.raise_failure()


class Found:
    """What a last owner has left of each shard: a begun flush, and four records of the log."""

    def __init__(self) -> None:
        plan = Plan(3, 0, {TOPIC: Range(7, 9, 2)}, 1_000, "v", "b", 0)
        positions = {TOPIC: Position("id", 7)}
        fence = Fence(VERSION, "me", 1, 0, 2, 4, 0, 100, plan, positions, "log id")
        self.taken = Taken(fence, [], {})
        self.log = PlanLog([], 104)
        self.now_s = 100.0

    def perf_counter(self) -> float:
        return self.now_s

    def monotonic(self) -> float:
        return self.now_s

    def time_ns(self) -> int:
        return time.time_ns()

    def read(self, _config: object, starts: dict[int, int], _stopped: object) -> dict[int, PlanLog]:
        """The logs of the shards; it takes 2 s."""
        self.now_s += 2
        return dict.fromkeys(starts, self.log)


def test_what_was_taken_and_found_and_how_long_it_took_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, processor = Found(), processor_of("unused")
    monkeypatch.setattr(ownership, "time", found)
    monkeypatch.setattr(ownership, "read_plans", found.read)
    for shard in processor.shards:
        shard.store = cast(Any, SimpleNamespace(take=lambda *_, **__: found.taken))
    processor.publisher = cast(
        Any, SimpleNamespace(actions=lambda *_: None, forwards=lambda *_: None)
    )
    cast(Any, processor.consumer).start = lambda *_: None
    processor.redis.tell(False)
    ownership.take_due(processor)
    value = processor.meter.value
    assert value("touchline_shards_taken_total") == value("touchline_shards_owned") == 4
    assert value("touchline_plans_found_total") == 4
    assert value("touchline_plan_log_records_total") == 4 * 4
    assert value("touchline_redis_up") == 1
    assert value("touchline_take_seconds") == 4
    (family,) = (f for f in processor.meter.collect() if f.name == "touchline_take_seconds")
    assert [s.value for s in family.samples if s.name.endswith("_sum")] == [4 * 2]


def waiting(processor: Processor) -> list[Shard]:
    return [shard for shard in processor.shards if shard.hold is Hold.WAITING]


def claimed(processor: Processor) -> set[int]:
    return set(_claim(processor, waiting(processor)))


def other_takes(redis_url: str, *shards: Shard) -> None:
    for shard in shards:
        store = ShardStore(lambda: Wire(redis_url), shard.index, "other")
        store.take(0, _first_fence(processor_of(redis_url), shard))
        store.close()
