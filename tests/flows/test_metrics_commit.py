"""A commit is booked once it is seen to succeed; what is in doubt is counted as that alone."""

from collections.abc import Callable, Mapping
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

import pytest

from connectors.kafka.plan_log import PlanLog
from flows.processor.commit import commit_pending
from flows.processor.decide import decide_step
from flows.processor.flush import Flush
from flows.processor.processor import Processor
from flows.processor.shard import Hold
from state.fence import VERSION, Fence
from state.profile import Profile
from state.store.counters import SINCE_MS
from state.store.shard_store import Commit, Taken, Unsettled
from state.store.wire import WireLost, WireTimeout
from tests.flows.one_flush import NOW_MS, flush_of


class Store:
    """Takes each commit, and then answers as it is told."""

    def __init__(self, answer: Callable[[], None]) -> None:
        self.commits: list[Commit] = []
        self.begin_commit = self.commits.append
        self.end = answer

    def close(self) -> None:
        """Nothing was opened."""


def committed(
    answer: Callable[[], None], counted: Mapping[str, int] = MappingProxyType({})
) -> tuple[Processor, Store]:
    """A process that has decided an event of ann, who is new, and sent the commit of it, in a shard
    of which so much was `counted` before."""
    processor, part = flush_of(NOW_MS - 2_000)
    shard, store = part.shard, Store(answer)
    shard.own(Taken(Fence(VERSION, "me", 1, 0, 0, 16, 0, 0, None), [], dict(counted)), PlanLog())
    shard.store = cast(Any, store)
    shard.profiles["ann"] = Profile()
    decide_step(processor, Flush([part]))
    processor.publisher = cast(
        Any,
        SimpleNamespace(settle=lambda _s: True, actions=lambda *_: None, forwards=lambda *_: None),
    )
    processor.consumer = cast(Any, SimpleNamespace(stop=lambda _shard: None))
    processor.redis.tell(True)
    processor.pending = Flush([part])
    commit_pending(processor)
    return processor, store


def accepted(processor: Processor) -> float:
    return processor.meter.value("touchline_events_total", channel="click", outcome="accepted")


def in_doubt(processor: Processor) -> dict[str, float]:
    """Outcome → commits that were not seen to succeed."""
    value = processor.meter.value
    return {o: value("touchline_commits_failed_total", outcome=o) for o in ("refused", "unknown")}


def test_a_commit_that_is_answered_is_booked_as_redis_has_it() -> None:
    processor, store = committed(lambda: None)
    (commit,) = store.commits
    assert commit.counters["accepted:click"] == accepted(processor) == 1
    assert processor.meter.value("touchline_commits_total") == 1
    assert in_doubt(processor) == {"refused": 0, "unknown": 0}


@pytest.mark.parametrize(
    ("counted", "since"),
    [({}, [NOW_MS]), ({SINCE_MS: 5, "accepted:click": 1}, [5]), ({"accepted:click": 1}, [])],
    ids=["the first flush", "a later one", "a shard that began before that was noted"],
)
def test_the_counts_say_since_when_they_run(counted: dict[str, int], since: list[int]) -> None:
    _, store = committed(lambda: None, counted)
    (commit,) = store.commits
    assert [n for name, n in commit.counters.items() if name == SINCE_MS] == since


@pytest.mark.parametrize(
    ("doubt", "outcome", "cause", "redis_up"),
    [
        (WireLost("closed"), "unknown", "connection", 0),
        (WireTimeout("no answer"), "unknown", "timeout", 0),
        (Unsettled("fenced"), "refused", "fence", 1),
    ],
)
def test_a_commit_in_doubt_is_counted_as_that_and_in_nothing_that_was_committed(
    doubt: Exception, outcome: str, cause: str, redis_up: int
) -> None:
    def answer() -> None:
        raise doubt

    processor, store = committed(answer)
    (commit,) = store.commits
    assert commit.counters["accepted:click"] == 1, "where Redis did it, Redis counts it"
    value = processor.meter.value
    assert accepted(processor) == value("touchline_commits_total") == 0
    assert value("touchline_flush_events") == value("touchline_event_to_offer_seconds") == 0
    assert in_doubt(processor) == {"refused": 0, "unknown": 0, outcome: 1}
    assert value("touchline_shards_lost_total", stage="commit", cause=cause) == 1
    assert value("touchline_redis_up") == redis_up
    assert value("touchline_shards_waiting") == 1
    assert processor.shards[0].hold is Hold.WAITING
