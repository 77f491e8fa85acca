"""What a plan takes of what was read: bounded, in order, and again exactly as it was begun."""

import threading
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec import Struct, structs

import flows.processor.intake
from connectors.kafka.plan_log import PlanLog
from flows.execution import Execution
from flows.metrics.meter import Meter
from flows.processor.flush import Flush
from flows.processor.intake import CLOCK_BACK_MS, Intake
from flows.processor.processor import Processor
from flows.processor.recalling import WAKE_MEANWHILE
from flows.processor.shard import Hold, Shard
from flows.processor.waking import WAKE_AT_ONCE
from flows.settings import Settings
from state.fence import VERSION, Fence, Plan, Position, Range
from state.ordering import checksum
from state.store.shard_store import Refused, ShardStore, Taken

TOPIC = "touchpoints.click"


class Message(Struct):
    """A record as librdkafka hands it out."""

    at: int
    body: bytes = b"{}"

    def topic(self) -> str:
        return TOPIC

    def partition(self) -> int:
        return 3

    def offset(self) -> int:
        return self.at

    def timestamp(self) -> tuple[int, int]:
        return 1, self.at

    def key(self) -> bytes | None:
        return None

    def value(self) -> bytes | None:
        return self.body

    def headers(self) -> list[tuple[str, bytes | None]] | None:
        return None


def owned(*messages: Message, now_ms: int = 0, plan: Plan | None = None) -> Shard:
    """A shard at offset 10 of its topic that has read `messages`."""
    shard = Shard(3, cast(ShardStore, SimpleNamespace(timers=lambda _: [])), 100)
    positions = {TOPIC: Position("id", 10)}
    fence = Fence(VERSION, "me", 1, 0, 4, 16, now_ms, 0, plan, positions)
    shard.own(Taken(fence, [], {}), PlanLog())
    for message in messages:
        shard.add(message)
    return shard


def intake(**settings: int) -> Any:
    processor = SimpleNamespace(
        execution=Execution(threading.Event()),
        settings=Settings(**settings),  # type: ignore[arg-type]  # the numbers among them
        playbook=SimpleNamespace(version="v"),
        build="b",
        meter=Meter(),
        consumer=SimpleNamespace(
            ends={},
            ended_ms={},
            emptied=True,
            read_bytes=0,
            holds=lambda *_: False,
            may_have_more=lambda *_: False,
        ),
        topics={"click": TOPIC},
        kafka=SimpleNamespace(is_away=False),
        pending=None,
        shards=[],
        membership=None,
    )
    return Intake(cast(Processor, processor))


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


def test_a_plan_covers_what_was_read_from_the_position_on_gaps_included() -> None:
    part = intake()._new(owned(Message(12), Message(15)), wall_ms())
    assert part.plan.ranges == {TOPIC: Range(10, 16, 2)}
    assert [message.offset() for message in part.messages] == [12, 15]
    assert (part.plan.commit, part.replay) == (5, False)


def test_a_plan_says_how_often_the_topics_that_it_reads_were_cut() -> None:
    shard = owned(Message(12))
    positions = {TOPIC: Position("id", 10, cuts=2), "unread": Position("other", 3, cuts=1)}
    shard.head = structs.replace(shard.head, positions=positions)
    assert intake()._new(shard, wall_ms()).plan.cuts == {TOPIC: 2}


def test_as_long_as_something_is_to_be_withdrawn_anywhere_time_is_applied_to_few() -> None:
    taker, other = intake(), owned()
    vars(taker)["_processor"].shards = [other]
    assert taker._new(owned(Message(12)), wall_ms()).plan.wake == WAKE_AT_ONCE
    other.recalls = {"stock:tent"}
    assert taker._new(owned(Message(12)), wall_ms()).plan.wake == WAKE_MEANWHILE


@pytest.mark.parametrize("offsets", [(9, 10), (10, 11, 11), (10, 11, 10, 11)])
def test_a_record_that_comes_twice_or_from_before_the_position_is_refused(
    offsets: tuple[int, ...],
) -> None:
    with pytest.raises(Refused, match=r"touchpoints\.click\[3\]: expected .* from offset 10 on"):
        intake()._new(owned(*map(Message, offsets)), wall_ms())


def test_a_plan_takes_no_more_events_than_a_flush_may_hold_and_leaves_the_rest() -> None:
    shard = owned(*map(Message, range(10, 20)))
    part = intake(flush_events=4)._new(shard, wall_ms())
    assert part.plan.ranges == {TOPIC: Range(10, 14, 4)}
    assert [message.offset() for message in shard.buffer[TOPIC]] == list(range(14, 20))


def test_a_plan_takes_no_more_bytes_than_a_flush_may_hold_but_one_event_at_least() -> None:
    shard = owned(*(Message(offset, b"x" * 400) for offset in (10, 11, 12)), Message(13, b"y"))
    taker = intake(flush_bytes=1_000)
    part = taker._new(shard, wall_ms())
    assert part.plan.ranges == {TOPIC: Range(10, 12, 2)}
    shard = owned(Message(10, b"x" * 5_000), Message(11))
    assert taker._new(shard, wall_ms()).plan.ranges == {TOPIC: Range(10, 11, 1)}
    assert shard.full(4_000, 1_000) == set()
    shard.add(Message(12, b"z" * 2_000))
    assert shard.full(4_000, 1_000) == {TOPIC}


def test_a_topic_of_which_more_is_read_than_a_quarter_of_a_flush_is_held_back() -> None:
    """However far the flow is behind, it keeps no more than that in memory."""
    held: list[set[tuple[str, int]]] = []
    taker = intake(flush_events=8)
    processor = taker._processor
    processor.consumer.hold = held.append
    processor.consumer.fetch = lambda _limit, _wait_s: [Message(12)]
    processor.pending = None
    processor.shards = [shard := owned(Message(10), Message(11))]
    processor.by_index = {shard.index: shard}
    processor.book_stage = lambda *_: None
    taker._read()
    taker._read()
    assert held == [set(), {(TOPIC, 3)}]


def test_the_time_of_a_plan_never_falls() -> None:
    ahead_ms = wall_ms() + CLOCK_BACK_MS // 2
    part = intake()._new(owned(Message(10), now_ms=ahead_ms), wall_ms())
    assert part.plan.now_ms == ahead_ms


def test_a_clock_that_is_far_behind_the_last_plan_is_refused_and_nothing_is_taken() -> None:
    shard = owned(Message(10), now_ms=wall_ms() + 2 * CLOCK_BACK_MS)
    with pytest.raises(Refused, match="the clock of this machine says"):
        intake()._new(shard, wall_ms())
    assert len(shard.buffer[TOPIC]) == 1


def begun(messages: list[Message]) -> Plan:
    """The plan of flush 5 over `messages`."""
    ranges = {TOPIC: Range(10, messages[-1].at + 1, len(messages))}
    return Plan(5, 0, ranges, 1_000, "v", "b", checksum(messages))


def test_what_was_begun_is_done_again_with_the_same_input_and_time_whatever_else_was_read() -> None:
    messages = [Message(10, b"one"), Message(11, b"two")]
    plan = begun(messages)
    shard = owned(*messages, Message(12, b"new"), plan=plan)
    part = intake()._again(shard)
    assert (part.plan, part.messages, part.replay) == (plan, messages, True)
    assert [message.offset() for message in shard.buffer[TOPIC]] == [12]
    assert not shard.todo


def test_what_was_begun_before_a_later_plan_in_the_log_lies_there_whole() -> None:
    messages = [Message(10, b"one"), Message(11, b"two")]
    plans = [
        structs.replace(begun([message]), commit=commit, ranges={TOPIC: Range(at, at + 1, 1)})
        for commit, at, message in zip((5, 6), (10, 11), messages, strict=True)
    ]
    shard = owned(*messages)
    shard.own(Taken(shard.fence, [], {}), PlanLog(plans, 20, latest=(0, 6)))
    for message in messages:
        shard.add(message)
    taker = intake()
    taker._processor.shards = [shard]
    shard.hold = Hold.OWNED
    assert [part.logged for _ in plans for part in taker._plan()] == [True, False]


def test_nothing_new_is_planned_while_more_begun_plans_may_lie_in_the_log() -> None:
    shard, taker = owned(Message(10)), intake()
    taker._processor.shards = [shard]
    shard.unread = True
    assert taker._plan() == []
    shard.unread = False
    assert [part.plan.commit for part in taker._plan()] == [5]


def test_what_was_begun_waits_for_all_of_its_input() -> None:
    messages = [Message(10, b"one"), Message(11, b"two")]
    shard = owned(messages[0], plan=begun(messages))
    assert intake()._again(shard) is None
    assert len(shard.todo) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"checksum": 7}, "with other content"),
        ({"ranges": {TOPIC: Range(10, 12, 3)}}, "expected the 3 records"),
        ({"ranges": {TOPIC: Range(9, 12, 2)}}, "was planned from 9, is at 10"),
    ],
)
def test_input_that_is_not_what_was_begun_is_refused(change: dict[str, Any], said: str) -> None:
    messages = [Message(10, b"one"), Message(11, b"two")]
    plan = structs.replace(begun(messages), **change)
    with pytest.raises(Refused, match=said):
        intake()._again(owned(*messages, plan=plan))


@pytest.mark.parametrize(
    ("playbook", "build", "by_other"), [("v", "b", 0), ("w", "b", 1), ("v", "c", 1)]
)
def test_what_is_done_again_is_counted_and_also_when_another_build_or_playbook_does_it(
    playbook: str, build: str, by_other: int
) -> None:
    taker, messages = intake(), [Message(10, b"one")]
    taker._processor.playbook = SimpleNamespace(version=playbook)
    taker._processor.build = build
    shard = owned(plan=begun(messages))
    assert taker._again(shard) is None
    value = taker._processor.meter.value
    assert value("touchline_flushes_replayed_total") == 0, "its input is not here yet"
    shard.add(messages[0])
    taker._again(shard)
    assert value("touchline_flushes_replayed_total") == 1
    assert value("touchline_replays_by_other_build_total") == by_other


def test_waiting_is_idle_and_what_was_read_and_planned_is_booked_to_its_stage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SimpleNamespace(wall_s=100.0, cpu_s=10.0)
    module = SimpleNamespace(
        perf_counter=lambda: clock.wall_s,
        thread_time=lambda: clock.cpu_s,
        time_ns=time.time_ns,
        monotonic=time.monotonic,
    )
    monkeypatch.setattr(flows.processor.intake, "time", module)
    monkeypatch.setattr(flows.processor.intake, "take_due", lambda _: None)
    arriving: list[list[Message]] = [[], [Message(10), Message(11)]]
    booked: list[tuple[str, float, float, int]] = []

    def fetch(_limit: int, _wait_s: float) -> list[Message]:
        clock.wall_s += 3
        clock.cpu_s += 1
        return arriving.pop(0)

    taker = intake()
    taker._upkeep = SimpleNamespace(run=lambda _idle: None)
    processor = taker._processor
    processor.consumer.fetch, processor.consumer.hold = fetch, lambda _: None
    processor.pending = None
    processor.shards = [shard := owned()]
    processor.by_index = {shard.index: shard}
    processor.book_stage = lambda *args: booked.append(args)
    taker._fill(Flush([]))
    assert processor.meter.value("touchline_idle_seconds_total") == 2
    assert booked == []
    taker._fill(Flush([]))
    assert processor.meter.value("touchline_idle_seconds_total") == 4
    assert booked == [("consume", 103, 11, 2), ("plan", 106, 12, 2)]


def test_a_commit_number_that_was_seen_survives_the_loss_of_the_shard() -> None:
    shard = owned(Message(10))
    shard.store = cast(ShardStore, SimpleNamespace(close=lambda: None))
    shard.lose(0.0)
    assert shard.seen_commit == 4
    assert shard.buffer == {}


def test_only_the_oldest_profiles_that_redis_knows_too_make_room() -> None:
    shard = Shard(3, cast(ShardStore, None), 2)
    shard.profiles = dict.fromkeys(("ann", "bob", "cid", "dot"), cast(Any, None))
    shard.remember(["ann"])
    shard.evict({"bob"})
    assert list(shard.profiles) == ["bob", "ann"]
