"""Whom time concerns: as Redis has it, and as the flush has it that is not committed yet."""

from types import SimpleNamespace
from typing import Any, cast

from flows.processor.flush import Flush, Slice
from flows.processor.processor import Processor
from flows.processor.shard import Shard
from flows.processor.waking import find_due, learn_timers
from state.fence import Plan
from state.store.shard_store import ShardStore
from state.timers import Timer

STORED: list[Timer] = [(10, "ann"), (20, "bob"), (30, "cy")]


def shard_of(stored: list[Timer]) -> Shard:
    store = SimpleNamespace(timers=lambda most: stored[:most])
    return Shard(3, cast(ShardStore, store), 100)


def part_of(shard: Shard, wake: int = 10) -> Slice:
    return Slice(shard, Plan(1, 0, {}, 100, "v", "b", 0, complete_ms=100, wake=wake), False, [])


def processor_with(*pending: Slice) -> Any:
    return SimpleNamespace(pending=Flush(list(pending)) if pending else None)


def test_what_is_set_and_not_committed_yet_counts_and_what_redis_says_of_it_does_not() -> None:
    shard = shard_of(STORED)
    under_way = part_of(shard)
    under_way.timers = {"ann": 0, "bob": 25, "dee": 5}
    learn_timers(cast(Processor, processor_with(under_way)), shard, 100, 10)
    assert shard.timers.due(100, 10) == [(5, "dee"), (25, "bob"), (30, "cy")]


def test_what_is_under_way_for_another_shard_means_nothing_here() -> None:
    shard, other = shard_of(STORED), part_of(shard_of([]))
    other.timers = {"ann": 0}
    learn_timers(cast(Processor, processor_with(other)), shard, 100, 10)
    assert shard.timers.due(100, 10) == STORED


def test_who_has_an_event_is_found_beside_as_many_as_are_planned_without_one() -> None:
    part = part_of(shard_of(STORED), wake=1)
    find_due(cast(Processor, processor_with()), part, ["ann"])
    assert part.due == [(10, "ann"), (20, "bob")]


def test_a_plan_that_wakes_nobody_asks_for_nobody() -> None:
    part = part_of(shard_of(STORED), wake=0)
    find_due(cast(Processor, processor_with()), part, [])
    assert part.due == []
