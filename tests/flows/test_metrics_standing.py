"""How shards stand is shown as it is: lag, event time, and who holds a clock back."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from connectors.kafka.topics import channel_topic
from flows.metrics.catalogue import METRICS_OF
from flows.metrics.meter import Meter
from flows.processor.processor import Processor
from flows.processor.shard import Hold, Shard
from flows.processor.standing import book_standing
from state.fence import Position
from state.limits import Limits
from state.watermark import ALLOWED_DISORDER_MS

CLICK, EMAIL = channel_topic("click"), channel_topic("email")
NOW_MS = 1_800_000_000_000


class Standing:
    """One shard, number 3, of a process that reads two topics, each at offset 100."""

    def __init__(self) -> None:
        self.ends: dict[tuple[str, int], int] = {}
        self.highs = {CLICK: 100, EMAIL: 100}
        self.shard = Shard(3, cast(Any, None), 100)
        self.shard.hold = Hold.OWNED
        positions = {topic: Position("id", 100) for topic in (CLICK, EMAIL)}
        self.shard.fence = cast(Any, SimpleNamespace(positions=positions))
        self.shard.head = cast(Any, SimpleNamespace(positions=dict(positions)))
        self.meter = Meter(METRICS_OF["touchpoints"])
        self.processor = SimpleNamespace(
            shards=[self.shard],
            inputs=(CLICK, EMAIL),
            meter=self.meter,
            consumer=SimpleNamespace(ends=self.ends, highs=lambda _shard: self.highs),
            publisher=SimpleNamespace(waiting=lambda: 7),
            playbook=SimpleNamespace(limits=Limits(), segments={}),
        )

    def book(self, now_ms: int = NOW_MS) -> None:
        book_standing(cast(Processor, self.processor), now_ms)

    def at_end(self, *topics: str) -> None:
        self.ends.clear()
        self.ends.update({(topic, 3): 100 for topic in topics})

    def delay(self, topic: str) -> float:
        """How far `topic` is behind, in seconds."""
        return self.meter.value("touchline_event_delay_seconds", topic=topic)

    def clock(self) -> tuple[float, dict[str, float]]:
        """Its delay in seconds, and who holds it."""
        value = self.meter.value
        holders = {
            topic: value("touchline_clock_holder", topic=topic, shard="3")
            for topic in (CLICK, EMAIL)
        }
        return value("touchline_clock_delay_seconds", shard="3"), holders


@pytest.mark.parametrize(
    ("high", "end_seen", "buffered", "lag"),
    [
        (500, None, [], 400),
        (500, 40, [], 400),
        (110, 100, [], 0),
        (100, 100, ["a record"], 0),
        (98, None, [], 0),
        (101, 101, [], 0),
    ],
    ids=[
        *("no end seen", "an older end", "at the end, a wrong mark", "a record more"),
        *("mark behind", "the mark of a transaction lies behind the last record"),
    ],
)
def test_lag_is_what_is_not_committed(
    high: int, end_seen: int | None, buffered: list[Any], lag: int
) -> None:
    standing = Standing()
    standing.highs[CLICK] = high
    standing.shard.buffer = {CLICK: buffered}
    if end_seen is not None:
        standing.ends[CLICK, 3] = end_seen
    standing.book()
    assert standing.meter.value("touchline_lag_events", topic=CLICK, shard="3") == lag


def test_a_clock_believes_no_event_that_it_is_later_than_it_is() -> None:
    standing = Standing()
    standing.shard.newest_ms = {CLICK: NOW_MS + 60_000}
    standing.at_end(EMAIL)
    standing.book()
    assert standing.clock()[0] == ALLOWED_DISORDER_MS / 1000


def test_what_is_planned_and_not_committed_is_lag_though_the_end_was_seen() -> None:
    standing = Standing()
    standing.highs[CLICK] = standing.ends[CLICK, 3] = 104
    standing.shard.head.positions[CLICK] = Position("id", 104)
    standing.book()
    assert standing.meter.value("touchline_lag_events", topic=CLICK, shard="3") == 4


def test_the_topic_that_is_further_back_holds_the_clock_until_it_is_at_its_end() -> None:
    standing = Standing()
    standing.shard.newest_ms = {CLICK: NOW_MS - 1_000, EMAIL: NOW_MS - 60_000}
    standing.book()
    assert standing.clock() == (65, {CLICK: 0, EMAIL: 1})
    standing.at_end(EMAIL)
    standing.book()
    assert standing.clock() == (6, {CLICK: 1, EMAIL: 0})
    standing.at_end(EMAIL, CLICK)
    standing.book()
    assert standing.clock() == (0, {CLICK: 0, EMAIL: 0})


def test_a_topic_of_which_nothing_has_come_yet_holds_the_clock_as_well() -> None:
    standing = Standing()
    standing.shard.newest_ms = {CLICK: NOW_MS - 1_000}
    standing.book()
    assert standing.clock()[1] == {CLICK: 0, EMAIL: 1}


def test_event_time_is_shown_by_topic_and_its_delay_is_0_at_the_end() -> None:
    standing = Standing()
    standing.shard.newest_ms = {CLICK: NOW_MS - 1_000, EMAIL: NOW_MS - 60_000}
    standing.at_end(CLICK)
    standing.book()
    value = standing.meter.value
    at_s = {t: value("touchline_event_timestamp_seconds", topic=t) for t in (CLICK, EMAIL)}
    assert at_s == {CLICK: NOW_MS / 1000 - 1, EMAIL: NOW_MS / 1000 - 60}
    delays = {t: value("touchline_event_delay_seconds", topic=t) for t in (CLICK, EMAIL)}
    assert delays == {CLICK: 0, EMAIL: 60}


def test_the_first_event_after_a_night_is_late_by_the_time_since_the_end_was_seen() -> None:
    standing = Standing()
    standing.shard.newest_ms = dict.fromkeys((CLICK, EMAIL), NOW_MS - 8 * 3_600_000)
    standing.at_end(CLICK, EMAIL)
    standing.book()
    standing.at_end(EMAIL)
    standing.book(NOW_MS + 2_000)
    assert (standing.delay(CLICK), standing.delay(EMAIL)) == (2, 0)


def test_a_shard_that_waits_falls_behind_in_all_its_topics_as_time_goes_on() -> None:
    standing = Standing()
    standing.shard.newest_ms = {CLICK: NOW_MS - 9_000, EMAIL: NOW_MS - 60_000}
    standing.at_end(CLICK, EMAIL)
    standing.book()
    standing.shard.hold = Hold.WAITING
    standing.book(NOW_MS + 30_000)
    assert standing.clock() == (30, {CLICK: 0, EMAIL: 0})
    assert (standing.delay(CLICK), standing.delay(EMAIL)) == (30, 30)
    at_s = standing.meter.value("touchline_event_timestamp_seconds", topic=CLICK)
    assert at_s == NOW_MS / 1000 - 9


def test_a_shard_that_another_process_has_is_not_shown() -> None:
    standing = Standing()
    standing.shard.newest_ms = {CLICK: NOW_MS - 9_000}
    standing.shard.hold = Hold.GONE
    standing.book()
    assert standing.delay(CLICK) == 0
    assert standing.meter.value("touchline_event_timestamp_seconds", topic=CLICK) == 0


def test_the_shard_that_is_further_back_says_how_late_a_topic_is() -> None:
    standing = Standing()
    other = Shard(4, cast(Any, None), 100)
    other.hold, other.fence = Hold.OWNED, standing.shard.fence
    other.head = standing.shard.head
    standing.processor.shards.append(other)
    standing.shard.newest_ms = {CLICK: NOW_MS - 60_000}
    other.newest_ms = {CLICK: NOW_MS - 5_000}
    standing.book()
    assert standing.delay(CLICK) == 60
    at_s = standing.meter.value("touchline_event_timestamp_seconds", topic=CLICK)
    assert at_s == NOW_MS / 1000 - 5, "the newest event is that of either"
    standing.processor.shards.reverse()
    standing.book()
    assert standing.meter.value("touchline_event_timestamp_seconds", topic=CLICK) == at_s


def test_what_is_kept_in_memory_and_in_the_outbox_is_shown() -> None:
    standing = Standing()
    standing.shard.buffer = cast(Any, {CLICK: ["a", "b"], EMAIL: ["c"]})
    standing.shard.profiles = cast(Any, {"ann": None})
    standing.shard.published, standing.shard.trim = 2, 3
    standing.shard.timers.extend([(NOW_MS, "ann"), (NOW_MS + 1, "bob")], 10, {})
    standing.book()
    value = standing.meter.value
    assert value("touchline_buffered_events") == 3
    assert value("touchline_profiles_cached") == 1
    assert value("touchline_outbox_actions") == 5
    assert value("touchline_timers_known") == 2
    assert value("touchline_unacknowledged_records") == 7


class Sizes(Standing):
    """A playbook with two segments, of which one is empty."""

    def __init__(self) -> None:
        super().__init__()
        self.processor.playbook.segments = {"vip": None, "buyer": None}
        self.shard.counters = {"segment.entered:vip": 9, "segment.exited:vip": 2, "accepted:a": 5}

    def customers(self) -> dict[str, float]:
        """Segment → how many are shown to be in it."""
        name = "touchline_segment_customers"
        return {
            labels["segment"]: self.meter.value(name, **labels)
            for labels in self.meter.labels(name)
        }


def test_who_came_into_a_segment_and_has_not_left_it_is_in_it_and_an_empty_one_shows_0() -> None:
    sizes = Sizes()
    sizes.book()
    assert sizes.customers() == {"vip": 7, "buyer": 0}


def test_the_sizes_are_of_all_shards_of_the_process_and_not_of_one_that_another_has_taken() -> None:
    sizes = Sizes()
    for hold in (Hold.WAITING, Hold.GONE):
        other = Shard(4, cast(Any, None), 100)
        other.hold, other.counters = hold, {"segment.entered:buyer": 4, "segment.entered:vip": 1}
        sizes.processor.shards.append(other)
    sizes.book()
    assert sizes.customers() == {"vip": 8, "buyer": 4}
    sizes.processor.shards[1].hold = Hold.GONE
    sizes.book()
    assert sizes.customers() == {"vip": 7, "buyer": 0}


def test_a_segment_that_the_playbook_has_no_more_is_shown_until_its_last_customer_has_left() -> (
    None
):
    sizes = Sizes()
    sizes.processor.playbook.segments = {"buyer": None}
    sizes.book()
    assert sizes.customers() == {"vip": 7, "buyer": 0}
    sizes.shard.counters["segment.exited:vip"] = 9
    sizes.book()
    assert sizes.customers() == {"buyer": 0}
