"""What a shard holds back, and how long it waits for input that was there once."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from connectors.kafka.plan_log import PlanLog
from flows.processor.shard import PATIENCE_S, Shard
from state.fence import VERSION, Fence, Plan, Position, Range, advance
from state.store.shard_store import Refused, ShardStore, Taken

TOPIC = "touchpoints.click"


def shard_with(*offsets: int, begun: Range) -> Shard:
    """A shard that has read the records at `offsets` and has a flush over `begun` to do again."""
    shard = Shard(3, cast(ShardStore, None), 100)
    for offset in offsets:
        shard.add(cast(Any, record(offset)))
    shard.todo.append(Plan(5, 0, {TOPIC: begun}, 1_000, "p", "b", 42))
    return shard


def record(offset: int) -> SimpleNamespace:
    return SimpleNamespace(topic=lambda: TOPIC, offset=lambda: offset, value=lambda: b"{}")


def test_what_was_begun_is_read_to_its_end_though_it_is_more_than_a_flush_may_hold() -> None:
    """A process with a smaller limit takes the shard over."""
    shard = shard_with(10, 11, 12, 13, begun=Range(10, 15, 5))
    assert shard.full(most=2, most_bytes=1_000) == set()
    shard.add(cast(Any, record(14)))
    assert shard.full(most=2, most_bytes=1_000) == {TOPIC}


def test_a_topic_that_stays_shorter_than_what_was_begun_is_refused_in_the_end() -> None:
    shard = shard_with(10, 11, begun=Range(10, 15, 5))
    (plan,) = shard.todo
    ends = {TOPIC: 12}
    assert shard.take_planned(plan, {}, 0.0) is None  # whatever its end, it is not known yet
    assert shard.take_planned(plan, ends, 100.0) is None
    assert shard.take_planned(plan, ends, 100.0 + PATIENCE_S) is None
    with pytest.raises(Refused, match=r"click\[3\]: .* reads offsets 10 to 15, .* ends at 12"):
        shard.take_planned(plan, ends, 101.0 + PATIENCE_S)


def test_a_plan_in_the_fence_is_done_again_once_the_log_is_read_beyond_it() -> None:
    """A log in pieces may hold it, and later ones: then nothing of it may be produced again."""
    plans = [Plan(n, 0, {TOPIC: Range(n, n + 1, 1)}, 1_000, "p", "b", 42) for n in range(1, 7)]
    read = {TOPIC: Position("id", 4)}
    fence = Fence(VERSION, "me", 1, 0, 3, 16, 1_000, 0, plans[3], read)
    shard = Shard(3, cast(ShardStore, None), 100)
    shard.own(Taken(fence, [], {}), PlanLog(plans[:2], 20, whole=False, latest=(0, 3)))
    assert (list(shard.todo), shard.unread) == ([], True)
    shard.add_begun(PlanLog(plans[2:4], 40, whole=False, latest=(0, 5)))
    assert list(shard.todo) == [plans[3]]
    assert (plans[3].generation, plans[3].commit) < shard.log_latest
    shard.head = advance(shard.head, shard.todo.popleft())
    shard.add_begun(PlanLog(plans[4:], 60, latest=(0, 6)))
    assert list(shard.todo) == plans[4:]
    assert (shard.log_from, shard.log_end) == (40, 60)


def test_a_plan_in_the_fence_that_the_log_does_not_hold_is_done_again_at_its_end() -> None:
    plans = [Plan(n, 0, {TOPIC: Range(n, n + 1, 1)}, 1_000, "p", "b", 42) for n in range(1, 4)]
    fence = Fence(VERSION, "me", 1, 0, 2, 16, 1_000, 0, plans[2])
    shard = Shard(3, cast(ShardStore, None), 100)
    shard.own(Taken(fence, [], {}), PlanLog(plans[:1], 10, whole=False, latest=(0, 2)))
    assert list(shard.todo) == []
    shard.add_begun(PlanLog(plans[1:2], 20, latest=(0, 2)))
    assert list(shard.todo) == plans[2:]
