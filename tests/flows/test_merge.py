"""The topics of a shard come as fast as they come, and are applied as they were received."""

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, structs

import flows.processor.intake
from connectors.kafka.plan_log import PlanLog
from flows.processor.intake import Intake
from flows.processor.merge import LONGEST_S, QUIET_S, Bound, Patience, bound
from flows.processor.processor import Processor
from flows.processor.reach import Completeness
from flows.processor.shard import Shard
from state.fence import VERSION, Fence, Position
from state.ordering import received_up_to
from state.store.shard_store import ShardStore, Taken
from state.watermark import SETTLE_MS
from tests.flows.test_intake import intake, wall_ms

CLICK, CHAT, KIOSK = "touchpoints.click", "touchpoints.chat", "touchpoints.kiosk"
NOW_MS = 1_000


class Came(Struct, frozen=True):
    """A record, as librdkafka hands it out."""

    of: str
    at: int
    stamp: int

    def topic(self) -> str:
        return self.of

    def offset(self) -> int:
        return self.at

    def timestamp(self) -> tuple[int, int]:
        return 1, self.stamp

    def value(self) -> bytes | None:
        return b"{}"


def log(topic: str, stamps: list[int]) -> list[Came]:
    return [Came(topic, offset, stamp) for offset, stamp in enumerate(stamps)]


def empty_shard() -> Shard:
    shard = Shard(3, cast(ShardStore, SimpleNamespace(timers=lambda _: [])), 100)
    positions = {topic: Position("id", 0) for topic in (CLICK, CHAT, KIOSK)}
    shard.own(Taken(Fence(VERSION, "me", 1, 0, 4, 16, 0, 0, None, positions), [], {}), PlanLog())
    return shard


def caught_up_with(logs: dict[str, list[Came]], chunks: list[str], most: int) -> Iterator[Came]:
    """What is applied, in its order, when so many of a topic come whenever it is named."""
    shard = empty_shard()
    left = {topic: [*records] for topic, records in logs.items() if records}
    coming = iter(chunks)
    while left or shard.buffer:
        topic = next(coming, None) or next(iter(left), "")
        if topic in left:
            shard.add(cast(Any, left[topic].pop(0)))
            left = {topic: records for topic, records in left.items() if records}
        newest_ms = {t: received_up_to(run) for t, run in shard.buffer.items() if t in left}
        found = bound(newest_ms, Completeness(NOW_MS, [*left]), left)
        if not found.waits and shard.buffer:
            yield from cast(list[Came], shard.take(most, 1_000_000, found.up_to_ms)[0])


stamps = st.lists(st.integers(1, 30), max_size=12)
arrivals = st.lists(st.sampled_from((CLICK, CHAT, KIOSK)), max_size=40)


@given(st.tuples(stamps, stamps, stamps), arrivals, st.integers(1, 9))
def test_whatever_the_topics_pace_all_is_applied_in_the_order_in_which_it_was_received(
    of: tuple[list[int], list[int], list[int]], chunks: list[str], most: int
) -> None:
    logs = {t: log(t, sorted(s)) for t, s in zip((CLICK, CHAT, KIOSK), of, strict=True)}
    applied = [record.stamp for record in caught_up_with(logs, chunks, most)]
    assert applied == sorted(stamp for each in of for stamp in each)


@given(st.tuples(stamps, stamps, stamps), arrivals, st.integers(1, 9))
def test_nothing_is_left_out_nor_out_of_its_topics_order_when_clocks_go_back(
    of: tuple[list[int], list[int], list[int]], chunks: list[str], most: int
) -> None:
    logs = {t: log(t, s) for t, s in zip((CLICK, CHAT, KIOSK), of, strict=True)}
    applied = [*caught_up_with(logs, chunks, most)]
    for topic, records in logs.items():
        assert [record for record in applied if record.of == topic] == records


def test_what_is_known_to_be_read_is_what_every_topic_is_read_up_to() -> None:
    newest_ms = {CLICK: 9, CHAT: 7}
    behind = Completeness(800, [CHAT, CLICK])
    assert bound(newest_ms, behind, {CLICK}) == Bound(9, 7, waits=False)
    assert bound(newest_ms, behind, ()) == Bound(None, 7, waits=False)
    assert bound({CLICK: 9}, Completeness(6, [CLICK]), ()) == Bound(None, 6, waits=False)
    assert bound({}, Completeness(6, [KIOSK]), ()) == Bound(None, 0, waits=False)
    assert bound({}, Completeness(6, [KIOSK]), {KIOSK}) == Bound(None, 0, waits=True)


def test_a_topic_of_which_nothing_comes_is_waited_for_as_long_as_others_come_but_not_for_ever() -> (
    None
):
    patience = Patience()
    assert patience.lasts(waits=True, quiet=False, now_s=100.0)
    assert patience.lasts(waits=True, quiet=True, now_s=100.0 + QUIET_S - 0.1)
    assert patience.lasts(waits=True, quiet=False, now_s=100.0 + QUIET_S)
    assert patience.lasts(waits=True, quiet=True, now_s=100.0 + 2 * QUIET_S - 0.1)
    assert not patience.lasts(waits=True, quiet=True, now_s=100.0 + 2 * QUIET_S)
    assert patience.lasts(waits=True, quiet=False, now_s=100.0 + 2 * QUIET_S + 0.1)
    assert not patience.lasts(waits=True, quiet=False, now_s=100.0 + LONGEST_S)
    assert not patience.lasts(waits=False, quiet=True, now_s=200.0)
    assert patience.lasts(waits=True, quiet=True, now_s=300.0)


def merging(read_to: dict[str, int], held: tuple[str, ...] = ()) -> Any:
    """An intake of three topics, of which these are read to their ends, and the others have more;
    `held` are those of which nothing is fetched for now."""
    taker = intake(flush_events=3)
    processor: Processor = taker._processor
    processor.topics = {topic.removeprefix("touchpoints."): topic for topic in (CLICK, CHAT, KIOSK)}
    consumer = cast(Any, processor.consumer)
    consumer.ends = {(topic, 3): end for topic, end in read_to.items()}
    consumer.ended_ms = {(topic, 3): wall_ms() for topic in read_to}
    consumer.may_have_more = lambda topic, *_: topic not in read_to
    consumer.holds = lambda topic, _: topic in held
    return taker


def test_a_plan_waits_for_topics_that_have_more_and_takes_nothing_received_after_them() -> None:
    shard, now_ms = empty_shard(), wall_ms()
    for record in log(CLICK, [now_ms - 50, now_ms - 40, now_ms - 30]):
        shard.add(cast(Any, record))
    taker: Intake = merging({KIOSK: 0})
    assert taker._new(shard, now_ms) is None
    assert shard.patience.waits
    shard.add(cast(Any, Came(CHAT, 0, now_ms - 40)))
    part = taker._new(shard, now_ms)
    assert part is not None
    assert [record.timestamp()[1] - now_ms for record in part.messages] == [-50, -40, -40]
    assert part.plan.merged_ms == now_ms - SETTLE_MS  # kiosk is complete as of then
    assert part.plan.behind == [CLICK, CHAT]
    assert not shard.patience.waits


def test_a_topic_that_is_not_fetched_for_now_is_one_that_has_more() -> None:
    shard, now_ms = empty_shard(), wall_ms()
    for record in (*log(CLICK, [now_ms - 9_000]), Came(CHAT, 0, now_ms - 8_000)):
        shard.add(cast(Any, record))
    part = merging({CLICK: 1, CHAT: 1, KIOSK: 0}, held=(CLICK,))._new(shard, now_ms)
    assert [record.topic() for record in part.messages] == [CLICK]


def test_while_kafka_is_away_a_topic_that_has_more_is_waited_for() -> None:
    shard, now_ms = empty_shard(), wall_ms()
    shard.add(cast(Any, Came(CLICK, 0, now_ms)))
    taker = merging({})
    assert taker._new(shard, now_ms) is None
    shard.patience._quiet_since_s -= 2 * QUIET_S
    taker._processor.kafka.is_away = True
    assert taker._new(shard, now_ms) is None
    taker._processor.kafka.is_away = False
    shard.patience._quiet_since_s -= 2 * QUIET_S
    assert structs.asdict(taker._new(shard, now_ms).plan)["merged_ms"] == 0


def test_while_kafka_is_away_topics_at_their_ends_are_complete_as_of_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was read already is planned; that nothing came meanwhile is not known."""
    shard, now_ms = empty_shard(), wall_ms()
    shard.add(cast(Any, Came(CLICK, 0, now_ms - 6_000)))
    taker = merging({CLICK: 1, CHAT: 0, KIOSK: 0})
    processor = taker._processor
    cast(Any, processor.consumer).ended_ms = dict.fromkeys(
        ((topic, 3) for topic in (CLICK, CHAT, KIOSK)), now_ms - 6_000
    )
    processor.shards = []
    for ago_ms in range(6_000, -1, -500):
        at_ns = (now_ms - ago_ms) * 1_000_000
        clock = SimpleNamespace(time_ns=lambda at_ns=at_ns: at_ns, monotonic=time.monotonic)
        monkeypatch.setattr(flows.processor.intake, "time", clock)
        assert taker._plan() == []
        processor.kafka.is_away = True
    processor.shards = [shard]
    (part,) = taker._plan()
    assert part.plan.complete_ms == now_ms - 6_000 - SETTLE_MS
