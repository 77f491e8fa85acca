"""Stages, waiting for acknowledgements, and what is no longer this process's, as metrics."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from flows.processor import processor as module
from flows.processor.booking import book
from flows.processor.flush import Flush
from flows.processor.processor import Processor
from flows.processor.steps import route_step
from state.profile import Profile
from tests.flows.one_flush import EVENT, NOW_MS, SHARD, flush_of


def test_a_stage_shows_its_events_the_time_that_passed_and_the_time_at_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processor, _ = flush_of(NOW_MS)
    clock = SimpleNamespace(perf_counter=lambda: 103.0, thread_time=lambda: 11.0)
    monkeypatch.setattr(module, "time", clock)
    processor.book_stage("route", 100.0, 10.0, 7)
    value = processor.meter.value
    assert value("touchline_stage_events_total", stage="route") == 7
    assert value("touchline_stage_cpu_seconds_total", stage="route") == 1
    assert value("touchline_stage_seconds", stage="route") == 1
    (family,) = (f for f in processor.meter.collect() if f.name == "touchline_stage_seconds")
    sums = {s.labels["stage"]: s.value for s in family.samples if s.name.endswith("_sum")}
    assert sums["route"] == 3


@pytest.mark.parametrize(
    ("waits", "outage"),
    [(0, []), (3, ["end"]), (6, ["nothing is acknowledged", "end"])],
)
def test_a_second_without_acknowledgements_is_an_outage_that_ends_with_them(
    waits: int, outage: list[str]
) -> None:
    processor, told, looks = flush_of(NOW_MS)[0], list[str](), list[int]()
    answers = [False] * waits + [True]
    processor.publisher = cast(Any, SimpleNamespace(settle=lambda _s: answers.pop(0)))
    processor.outage = cast(Any, SimpleNamespace(begin=told.append, end=lambda: told.append("end")))
    processor.kafka = cast(Any, SimpleNamespace(look=lambda: looks.append(1)))
    processor.settle()
    assert told == outage
    assert len(looks) == waits, "the seconds of the outage grow while it lasts"


def gauges_of(processor: Processor) -> int:
    """How many series say how the shard stands."""
    names = ("clock_delay_seconds", "lag_events", "clock_holder")
    samples = [s for f in processor.meter.collect() for s in f.samples if f.name[10:] in names]
    return len([s for s in samples if s.labels["shard"] == str(SHARD)])


def test_a_shard_that_another_process_has_taken_is_shown_by_that_one_alone() -> None:
    processor, part = flush_of(NOW_MS)
    shard = str(SHARD)
    processor.meter.set("touchline_clock_delay_seconds", 5, shard=shard)
    for topic in processor.inputs:
        processor.meter.set("touchline_lag_events", 5, topic=topic, shard=shard)
        processor.meter.set("touchline_clock_holder", 1, topic=topic, shard=shard)
    assert gauges_of(processor) == 1 + 2 * len(processor.inputs)
    processor.consumer = cast(Any, SimpleNamespace(stop=lambda _shard: None))
    part.shard.store = cast(Any, SimpleNamespace(close=lambda: None))
    processor.leave({part.shard: "other"})
    assert gauges_of(processor) == 0


@pytest.mark.parametrize(("known", "hits", "misses"), [(True, 1, 0), (False, 0, 1)])
def test_each_customer_of_a_flush_is_found_in_memory_or_missed_once(
    known: bool, hits: int, misses: int
) -> None:
    processor, part = flush_of(NOW_MS, EVENT, {**EVENT, "messageId": "m2"})
    if known:
        part.shard.profiles["ann"] = Profile()
    route_step(processor, Flush([part]))
    value = processor.meter.value
    assert value("touchline_cache_hits_total") == hits
    assert value("touchline_cache_misses_total") == misses


def test_what_was_trimmed_from_profiles_is_counted() -> None:
    processor, part = flush_of(NOW_MS)
    part.trimmed = 3
    book(processor, Flush([part]))
    assert processor.meter.value("touchline_trimmed_total") == 3
