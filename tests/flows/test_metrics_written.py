"""What the warehouse flow shows of reading and writing is what was read and what was added."""

import threading
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException

from connectors.kafka.reader import Place, Record
from connectors.kafka.topics import FoundTopic
from connectors.warehouse.delta import Position
from connectors.warehouse.tables import TABLES, TOUCHPOINTS, Row
from flows.loader import append, loader
from flows.loader.append import Buffer
from flows.loader.arrivals import Arrivals, Poll
from flows.loader.hold import Hold
from flows.loader.loader import Loader
from flows.loader.standing import GROUP
from flows.metrics.catalogue import METRICS_OF
from flows.metrics.meter import Meter
from flows.settings import Settings
from flows.waiting import ServiceAbsent
from tests.flows.stand_in_warehouse import HOME, Waits, Warehouse, row

NOW_S = 1_800_000_000.0
TABLE = TOUCHPOINTS.name


class Clock:
    """Elapsed and processor time, set by hand; stands in for the module `time`."""

    def __init__(self) -> None:
        self.wall_s, self.cpu_s = 100.0, 10.0

    def perf_counter(self) -> float:
        return self.wall_s

    def monotonic(self) -> float:
        return self.wall_s

    def thread_time(self) -> float:
        return self.cpu_s

    def time(self) -> float:
        return NOW_S


class Shared(Warehouse):
    """A warehouse that is slow, and where another writer has put some of the rows before."""

    def __init__(self, clock: Clock, there: int) -> None:
        super().__init__()
        self.there = there
        self._clock = clock

    def append(self, rows: Sequence[Row], offsets: Mapping[int, int]) -> int:
        self._clock.wall_s += 0.25
        return super().append(rows, offsets) - self.there


class Writing:
    """A buffer of a table of which `there` rows are written already."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, there: int = 0) -> None:
        clock = Clock()
        monkeypatch.setattr(append, "time", clock)
        self.meter = Meter(METRICS_OF["warehouse"])
        self.warehouse = Shared(clock, there)
        hold = Hold(threading.Event(), self.meter)
        self.buffer = Buffer(cast(Any, self.warehouse), hold, self.meter)

    def write(self, *seconds: int) -> None:
        """Rows of ten bytes that became known then."""
        self.buffer.add([row(at * 1_000_000, size=10) for at in seconds], {0: 11})
        self.buffer.write(0.0)

    def shown(self, name: str) -> float:
        return self.meter.value(f"touchline_warehouse_{name}", table=TABLE)


def sum_of(meter: Meter, name: str, **labels: str) -> float:
    """What a histogram's observations add up to."""
    (family,) = (family for family in meter.collect() if family.name == name)
    (value,) = (s.value for s in family.samples if s.name.endswith("_sum") and s.labels == labels)
    return value


def test_a_write_shows_what_it_added_when_and_how_long_it_took(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flow = Writing(monkeypatch, there=1)
    flow.write(7, 9, 8)
    counts = {name: flow.shown(f"{name}_total") for name in ("rows", "bytes", "repeats")}
    assert counts == {"rows": 2, "bytes": 20, "repeats": 1}
    assert flow.shown("newest_timestamp_seconds") == 9
    assert flow.shown("last_commit_timestamp_seconds") == NOW_S
    assert flow.shown("commit_seconds") == 1
    assert sum_of(flow.meter, "touchline_warehouse_commit_seconds", table=TABLE) == 0.25


def test_rows_that_were_all_there_before_are_repeats_and_no_commit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flow = Writing(monkeypatch, there=2)
    flow.write(7, 8)
    assert flow.shown("repeats_total") == 2
    for name in ("rows_total", "bytes_total", "commit_seconds", "last_commit_timestamp_seconds"):
        assert flow.shown(name) == 0, name


def test_older_rows_do_not_take_the_newest_back(monkeypatch: pytest.MonkeyPatch) -> None:
    flow = Writing(monkeypatch)
    flow.write(9)
    flow.write(5)
    assert flow.shown("newest_timestamp_seconds") == 9


def test_each_attempt_that_fails_is_told_so_that_the_gauges_do_not_stand_still() -> None:
    told: list[int] = []
    warehouse = Warehouse()
    warehouse.away = 3
    hold = Hold(Waits(), Meter(METRICS_OF["warehouse"]), lambda: told.append(warehouse.away))
    hold(lambda: warehouse.append([row(1)], {}))
    assert told == [2, 1, 0]


class Reading:
    """A loader whose broker lets 3 s pass for each read, 1 s of them at work."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *records: Record) -> None:
        self.clock, self.records = Clock(), list(records)
        monkeypatch.setattr(loader, "time", self.clock)
        self.meter = Meter(METRICS_OF["warehouse"])
        self.loader = Loader(Settings(), self.meter, threading.Event())
        self.loader._reader = cast(
            Any, SimpleNamespace(read=self._read, outage=SimpleNamespace(why=None))
        )

    def _read(self, *_: object) -> list[Record]:
        self.clock.wall_s += 3
        self.clock.cpu_s += 1
        return self.records


def test_waiting_for_records_is_idle_and_only_a_read_that_brought_some_is_a_stage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flow = Reading(monkeypatch)
    name = "touchline_warehouse_stage_seconds"
    flow.loader.poll()
    assert flow.meter.value("touchline_warehouse_idle_seconds_total") == 2
    assert flow.meter.value(name, stage="consume") == 0
    flow.records = [Record(HOME, 4, b"ada", b"{}")]
    flow.loader.poll()
    assert flow.meter.value("touchline_warehouse_idle_seconds_total") == 4
    assert flow.meter.value(name, stage="consume") == 1
    assert sum_of(flow.meter, name, stage="consume") == 3


def test_what_is_no_row_and_what_was_accepted_before_is_counted_once_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flow = Reading(monkeypatch)
    rubbish = [Record(HOME, 4 + number, b"ada", b"rubbish") for number in range(2)]
    flow.loader.decode(Poll(0.0, rubbish))
    flow.loader.accept(Arrivals(0.0, [row(1), row(1), row(2), row(1), row(2)], {}, []))
    assert flow.meter.value("touchline_warehouse_records_total", table=TABLE) == 2
    assert flow.meter.value("touchline_warehouse_skipped_total", table=TABLE) == 2
    assert flow.meter.value("touchline_warehouse_repeats_total", table=TABLE) == 3


def test_at_the_end_the_last_offsets_are_shown_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    flow, done = Reading(monkeypatch), list[str]()
    flow.loader._standing = cast(
        Any,
        SimpleNamespace(book=lambda: done.append("booked"), tell=lambda: done.append("told")),
    )
    flow.loader.drain()
    assert done == ["booked", "told"]


def test_a_broker_that_does_not_answer_at_the_start_is_an_outage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*_: object) -> None:
        raise KafkaException(KafkaError(KafkaError._TRANSPORT))

    monkeypatch.setattr(loader, "find_topics", away)
    meter = Meter(METRICS_OF["warehouse"])
    with pytest.raises(ServiceAbsent):
        Loader(Settings(fail_fast=True), meter, threading.Event()).open(threading.Event().set)
    assert meter.value("touchline_kafka_outages_total") == 1
    assert meter.value("touchline_kafka_up") == 0


class Tables(Warehouse):
    """Both tables of a warehouse, each at offset 10 of its topic's one partition."""

    def positions(self) -> dict[int, Position]:
        return {0: Position(10, 4)}


def test_while_the_warehouse_is_away_in_a_run_how_the_flow_stands_is_shown_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tables, starts, looks = Tables(), dict[Place, int](), list[int]()

    def reading(_config: object, _topics: object, at: dict[Place, int], group: str) -> Any:
        assert group == GROUP
        starts.update(at)
        return SimpleNamespace(ends={}, highs=looked)

    def looked() -> dict[Place, int]:
        looks.append(tables.away)
        return {}

    topics = {table.topic: FoundTopic(table.topic, "id", 1, None) for table in TABLES}
    monkeypatch.setattr(loader, "find_topics", lambda *_: topics)
    monkeypatch.setattr(loader, "DeltaAppender", lambda *_: tables)
    monkeypatch.setattr(loader, "TopicReader", reading)
    flow = Loader(Settings(), Meter(METRICS_OF["warehouse"]), Waits())
    assert flow.open(threading.Event().set)
    assert starts == dict.fromkeys((Place(topic, 0) for topic in topics), 10), "as the tables say"
    tables.away = 3
    flow._append(Arrivals(0.0, [row(5)], {HOME: 11}, []))
    assert looks == [2, 1, 0]
    assert tables.commits == [([5], {0: 11})]
