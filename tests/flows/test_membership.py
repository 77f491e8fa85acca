"""In a group: what is given up is finished before, what stays goes on, what is lost is dropped."""

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kafka.plan_log import PlanLog
from connectors.kafka.shard_group import Event, Rebalance, Unequal
from decisions.playbook import Playbook
from flows.metrics.availability import Availability
from flows.metrics.meter import Meter
from flows.processor import membership as module
from flows.processor.flush import Flush, Slice
from flows.processor.membership import Membership
from flows.processor.processor import Processor
from flows.processor.shard import Hold, Shard
from flows.settings import Settings
from state.fence import VERSION, Fence, Plan
from state.store.shard_store import Refused, Taken
from state.store.wire import WireLost

PARTITIONS = 6
SHARDS = st.frozensets(st.integers(0, PARTITIONS - 1))


class Store:
    """The store of one shard; somebody else may have touched its fence."""

    def __init__(self) -> None:
        self.touched: bool | Exception = False
        self.closed = False

    def is_as_left(self) -> bool:
        if isinstance(self.touched, Exception):
            raise self.touched
        return not self.touched

    def close(self) -> None:
        self.closed = True


class Group:
    """Kafka's group and the process in it, in one order of what is done."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.words: list[Rebalance] = []
        self.readied = 0
        meter = Meter()
        consumer = SimpleNamespace(
            done=self.done,
            told=self._told,
            let_go=lambda: self.done.append("let go"),
            stop=lambda shard: self.done.append(("stop", shard)),
        )
        self.processor = Processor(
            settings=Settings(partitions=PARTITIONS, cache_profiles=600),
            playbook=cast(Playbook, None),
            meter=meter,
            shards=[],
            consumer=cast(Any, consumer),
            publisher=cast(Any, None),
            outage=cast(Any, None),
            kafka=Availability(meter, "kafka"),
            redis=Availability(meter, "redis"),
            topic_ids={},
            build="b",
            stop=threading.Event(),
        )
        self.membership = Membership(self.processor, cast(Any, consumer), self._new, self._ready)
        self.processor.membership = self.membership

    def _told(self) -> list[Rebalance]:
        words, self.words = self.words, []
        return words

    def _new(self, index: int) -> Shard:
        return Shard(index, cast(Any, Store()), 1)

    def _ready(self) -> None:
        self.readied += 1

    def hears(self, event: Event, *shards: int) -> None:
        self.words.append(Rebalance(event, frozenset(shards)))
        self.membership.attend()

    def takes(self) -> None:
        """Every waiting shard is owned."""
        for shard in self.processor.shards:
            if shard.hold is Hold.WAITING:
                fence = Fence(VERSION, "me", 1, 0, 0, PARTITIONS, 0, 0, None)
                shard.own(Taken(fence, [], {}), PlanLog())
        self.processor.report_holds()
        self.membership.attend()

    def has(self, *shards: int) -> "Group":
        self.hears(Event.ASSIGNED, *shards)
        self.takes()
        return self

    def value(self, name: str, **labels: str) -> float:
        return self.processor.meter.value(f"touchline_{name}", **labels)


@pytest.fixture(autouse=True)
def drained(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is under way needs no servers: that it is finished is noted."""

    def drain(processor: Processor) -> None:
        cast(Any, processor.consumer).done.append("drained")

    monkeypatch.setattr(module, "drain", drain)


def test_what_is_under_way_is_finished_before_the_shards_are_let_go() -> None:
    group = Group().has(0, 1)
    group.done.clear()
    group.hears(Event.REVOKED)
    assert group.done == ["drained", "let go"]
    assert not group.membership.settled
    assert group.value("shards_owned") == 2, "they may well stay here"


def test_a_shard_that_stays_goes_on_as_it_is_and_others_are_released_or_new() -> None:
    group = Group().has(0, 1, 2)
    by_index = dict(group.processor.by_index)
    group.hears(Event.REVOKED)
    group.done.clear()
    group.hears(Event.ASSIGNED, 1, 2, 3)
    now = group.processor.by_index
    assert (now[1], now[2]) == (by_index[1], by_index[2])
    assert [now[n].hold for n in (1, 2, 3)] == [Hold.OWNED, Hold.OWNED, Hold.WAITING]
    assert group.done == [("stop", 0)]
    assert cast(Any, by_index[0].store).closed
    assert group.value("shards_released_total") == 1
    assert group.value("shards_fenced_total") == 0


@pytest.mark.parametrize("touched", [True, WireLost("gone")])
def test_a_shard_that_another_may_have_had_in_between_is_taken_anew(touched: Any) -> None:
    group = Group().has(0, 1)
    before = group.processor.by_index[0]
    cast(Any, before.store).touched = touched
    group.hears(Event.REVOKED)
    group.hears(Event.ASSIGNED, 0, 1)
    assert group.processor.by_index[0] is not before
    assert group.processor.by_index[0].hold is Hold.WAITING
    assert group.processor.by_index[1].hold is Hold.OWNED
    assert group.value("shards_released_total") == 0


def test_when_the_session_has_expired_nothing_more_is_written_for_any_shard() -> None:
    group = Group().has(0, 1)
    processor = group.processor
    processor.pending = Flush([Slice(processor.shards[0], cast(Plan, None), False, [])])
    stores = [cast(Any, shard.store) for shard in group.processor.shards]
    group.done.clear()
    group.hears(Event.LOST)
    assert "drained" not in group.done
    assert cast(Any, processor).pending is None
    assert processor.shards == []
    assert not group.membership.settled
    assert all(store.closed for store in stores)
    assert group.value("shards_assigned") == group.value("shards_owned") == 0
    assert group.value("rebalances_total", event="lost") == 1


def test_a_process_that_others_took_everything_from_waits_and_takes_what_it_is_assigned() -> None:
    group = Group().has(0, 1)
    group.processor.leave(dict.fromkeys(group.processor.shards, "other"))
    assert not group.processor.execution.over()
    assert group.value("shards_fenced_total") == 2
    group.hears(Event.REVOKED)
    group.hears(Event.ASSIGNED, 0, 1)
    assert [shard.hold for shard in group.processor.shards] == [Hold.WAITING, Hold.WAITING]


def test_it_is_ready_once_with_the_first_assignment_when_all_of_it_is_owned() -> None:
    group = Group()
    group.membership.attend()
    assert group.readied == 0
    group.hears(Event.ASSIGNED, 0, 1)
    assert group.readied == 0
    group.takes()
    group.hears(Event.REVOKED)
    group.has(0)
    assert group.readied == 1


def test_one_more_process_than_there_are_shards_is_ready_without_any() -> None:
    group = Group()
    group.hears(Event.ASSIGNED)
    assert group.readied == 1
    assert group.value("shards_assigned") == 0


def test_an_assignment_that_is_not_one_of_whole_shards_is_refused() -> None:
    group = Group()

    def told() -> list[Rebalance]:
        raise Unequal("0 of this and 1 of that")

    cast(Any, group.processor.consumer).told = told
    with pytest.raises(Refused, match="0 of this and 1 of that"):
        group.membership.attend()


@given(st.lists(SHARDS, min_size=1, max_size=8))
def test_after_any_assignments_the_shards_are_those_of_the_last_and_share_the_cache(
    assignments: list[frozenset[int]],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "drain", lambda _: None)
        group = Group()
        released = 0
        had: frozenset[int] = frozenset()
        for shards in assignments:
            group.hears(Event.REVOKED)
            group.has(*shards)
            released += len(had - shards)
            had = shards
    processor = group.processor
    assert {shard.index for shard in processor.shards} == processor.by_index.keys() == had
    assert sum(shard.most_profiles for shard in processor.shards) <= 600
    assert group.value("shards_released_total") == released
    assert group.value("shards_owned") == group.value("shards_assigned") == len(had)
