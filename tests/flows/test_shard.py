"""What a shard holds back, and how long it waits for input that was there once."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from flows.processor.shard import PATIENCE_S, Shard
from state.fence import Plan, Range
from state.store.shard_store import Refused, ShardStore

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
