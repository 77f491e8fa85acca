"""The steps of the warehouse flow between Kafka and the tables."""

import contextlib
import logging
import threading
from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kafka.errors import Outage
from connectors.kafka.reader import Place, Record, TopicReader
from connectors.warehouse.delta import DeltaAppender
from connectors.warehouse.tables import Row
from flows.execution import Execution, Stopped
from flows.loader.append import MOST_BYTES, MOST_ROWS, Append, Buffer
from flows.loader.arrivals import Arrivals, NotOurs, Poll, accept, decode
from flows.loader.edges import REST_POLLS, PollSource
from flows.loader.hold import Hold
from flows.loader.loader import Loader
from flows.metrics.meter import Meter
from flows.settings import Settings
from tests.flows.stand_in_warehouse import AWAY, HOME, TOPIC, Waits, Warehouse, row


def arrivals(
    rows: list[Row], at_s: float = 0.0, offsets: dict[Place, int] | None = None
) -> Arrivals:
    return Arrivals(at_s, rows, offsets or {}, [])


# decode


def read_number(place: Place, value: bytes) -> Row:
    return row(int(value), place)


def test_plans_are_left_out_and_what_is_no_record_is_named_with_its_place() -> None:
    poll = Poll(
        7.0,
        [
            Record(HOME, 4, b"ada", b"40"),
            Record(HOME, 5, None, b"41"),  # a plan: no key
            Record(AWAY, 9, b"ada", b"rubbish"),
            Record(HOME, 6, b"bob", None),  # a tombstone
            Record(HOME, 7, b"bob", b"42"),
        ],
    )
    found = decode({TOPIC: read_number}, poll)
    assert found.rows == [row(40), row(42)]
    assert found.offsets == {HOME: 8, AWAY: 10}, "what is skipped is not read again either"
    assert [(place, offset) for place, offset, _ in found.not_ours] == [(AWAY, 9), (HOME, 6)]
    assert "rubbish" in found.not_ours[0].reason
    assert isinstance(found.not_ours[0], NotOurs)
    assert found.at_s == 7.0


# poll


def test_a_poll_shows_whether_kafka_is_there(meter: Meter) -> None:
    loader = Loader(Settings(), meter, threading.Event())
    outage = Outage(logging.getLogger("test"))
    loader._reader = cast(TopicReader, SimpleNamespace(read=lambda *_: [], outage=outage))
    outage.begin("all brokers are down")
    assert loader.poll().records == []
    assert meter.value("touchline_kafka_up") == 0
    outage.end()
    loader.poll()
    assert meter.value("touchline_kafka_up") == 1


# accept


@st.composite
def logs_with_repeats(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """A log as crashes leave it, and what stands in it once: whole tails come again, any number of
    times, before it goes on; partitions are mixed."""
    log: list[Row] = []
    for place in (HOME, AWAY):
        marks = sorted(draw(st.sets(st.integers(0, 99), max_size=20)))
        once = [row(mark, place) for mark in marks]
        written: list[Row] = []
        done = 0
        while done < len(once):
            step = draw(st.integers(1, len(once) - done))
            done += step
            written += once[draw(st.integers(0, done - step)) : done]
        log = draw(st.sampled_from([log + written, _mix(draw, log, written)]))
    return log, sorted(set(log))


def _mix(draw: st.DrawFn, first: list[Row], second: list[Row]) -> list[Row]:
    mixed, waiting = [], [list(first), list(second)]
    while any(waiting):
        turn = draw(st.sampled_from([queue for queue in waiting if queue]))
        mixed.append(turn.pop(0))
    return mixed


@given(log=logs_with_repeats(), cuts=st.lists(st.integers(0, 60)))
def test_each_record_is_accepted_once_and_in_order_whatever_tails_come_again(
    log: tuple[list[Row], list[Row]], cuts: list[int]
) -> None:
    written, once = log
    edges = [0, *sorted(cuts), len(written)]
    marks: dict[Place, int] = {}
    accepted: list[Row] = []
    repeats: list[Row] = []
    for start, end in pairwise(edges):
        found = accept(marks, arrivals(written[start:end]))
        accepted += found.rows
        repeats += found.repeats
    assert sorted(accepted) == once
    for place in (HOME, AWAY):
        mine = [r.mark for r in accepted if r.place == place]
        assert mine == sorted(mine)
        assert marks.get(place, -1) == max(mine, default=-1)
    assert len(accepted) + len(repeats) == len(written)


def test_the_very_first_place_there_is_can_be_accepted() -> None:
    assert accept({}, arrivals([row(0)])).rows == [row(0)]
    assert accept({HOME: 0}, arrivals([row(0)])).rows == []


# append


@pytest.fixture
def warehouse() -> Warehouse:
    return Warehouse()


@pytest.fixture
def meter() -> Meter:
    return Meter()


def appending(warehouse: Warehouse, meter: Meter, stop: threading.Event | None = None) -> Append:
    hold = Hold(stop or Waits(), meter)
    return Append({TOPIC: Buffer(cast(DeltaAppender, warehouse), hold, meter)})


def test_there_is_at_most_one_commit_each_five_seconds(warehouse: Warehouse, meter: Meter) -> None:
    append = appending(warehouse, meter)
    for tick in range(40):  # a poll each half second, one row in each
        append(arrivals([row(tick)], tick / 2, {HOME: tick + 1}))
    assert [marks[-1] for marks, _ in warehouse.commits] == [0, 10, 20, 30]
    assert [offsets for _, offsets in warehouse.commits] == [{0: 1}, {0: 11}, {0: 21}, {0: 31}]
    append.drain()
    assert [mark for marks, _ in warehouse.commits for mark in marks] == list(range(40))


def test_there_is_no_commit_without_a_row(warehouse: Warehouse, meter: Meter) -> None:
    append = appending(warehouse, meter)
    for tick in range(20):
        append(arrivals([], tick, {HOME: tick}))
    append.drain()
    assert warehouse.commits == []
    append(arrivals([row(1)], 20.0))
    assert warehouse.commits == [([1], {0: 19})], "positions wait for a row to go with"


def test_rows_that_came_just_after_a_commit_are_written_when_nothing_follows(
    warehouse: Warehouse, meter: Meter
) -> None:
    append = appending(warehouse, meter)
    append(arrivals([row(1)], 0.0))
    append(arrivals([row(2)], 0.1))
    append(arrivals([], 4.9))
    assert len(warehouse.commits) == 1
    append(arrivals([], 5.0))
    assert len(warehouse.commits) == 2


def test_once_told_to_stop_there_is_one_write_at_the_end_however_long_each_takes(
    warehouse: Warehouse, meter: Meter
) -> None:
    append = appending(warehouse, meter)
    append(arrivals([row(1)], 0.0, {HOME: 2}))
    append(arrivals([row(2)], 6.0, {HOME: 3}), stopping=True)
    append(arrivals([row(3)], 12.0, {HOME: 4}), stopping=True)
    assert [marks for marks, _ in warehouse.commits] == [[1]]
    append.drain()
    assert [marks for marks, _ in warehouse.commits] == [[1], [2, 3]]


@pytest.mark.parametrize("many", [[row(n) for n in range(MOST_ROWS)], [row(1, size=MOST_BYTES)]])
def test_many_rows_or_large_ones_do_not_wait(
    warehouse: Warehouse, meter: Meter, many: list[Row]
) -> None:
    append = appending(warehouse, meter)
    append(arrivals([row(0)], 0.0))
    append(arrivals(many[1:], 0.1))
    append(arrivals(many[:1], 0.2))
    assert len(warehouse.commits) == 2
    append(arrivals([row(1)], 0.3))
    assert len(warehouse.commits) == 2, "few rows wait again"


def test_a_warehouse_that_is_away_is_asked_again_at_growing_intervals_and_nothing_is_lost(
    warehouse: Warehouse, meter: Meter, caplog: pytest.LogCaptureFixture
) -> None:
    stop = Waits()
    append = appending(warehouse, meter, stop)
    warehouse.away = 8
    append(arrivals([row(1), row(2)]))
    assert stop.seconds == [0.5, 1, 2, 4, 8, 15, 15, 15]
    assert warehouse.commits == [([1, 2], {})]
    assert meter.value("touchline_warehouse_up") == 1
    assert meter.value("touchline_warehouse_rows_total", table="touchpoints") == 2
    assert [record.message for record in caplog.records if "it is away" in record.message] == [
        "the warehouse is not available, waiting: it is away"
    ]


def test_a_stop_ends_the_waiting_and_the_up_metric_says_why(
    warehouse: Warehouse, meter: Meter
) -> None:
    append = appending(warehouse, meter, Waits(stop_after=3))
    warehouse.away = 1_000
    with pytest.raises(Stopped):
        append(arrivals([row(1)]))
    assert warehouse.away == 997
    assert meter.value("touchline_warehouse_up") == 0


def test_the_last_write_makes_one_attempt_only(warehouse: Warehouse, meter: Meter) -> None:
    stop = Waits()
    append = appending(warehouse, meter, stop)
    append(arrivals([row(1)], 0.0))
    append(arrivals([row(2)], 1.0))
    warehouse.away = 5
    append.drain()
    assert warehouse.away == 4
    assert stop.seconds == []


def batches_of(execution: Execution, came: list[list[Record] | Exception]) -> Iterator[int]:
    """How many records each batch of the source has, of polls that bring what `came`."""

    def poll() -> Poll:
        brought = came.pop(0)
        if isinstance(brought, Exception):
            raise brought
        return Poll(0.0, brought)

    source = PollSource(execution, poll).build("consume", 0, 1)
    with contextlib.suppress(StopIteration):
        while True:
            yield sum(len(poll.records) for poll in source.next_batch())


ONE = [Record(HOME, 0, None, None)]


def test_what_comes_is_read_on_after_the_request_to_stop_until_a_poll_brings_nothing() -> None:
    execution = Execution(threading.Event())
    came: list[list[Record] | Exception] = [[], ONE, ONE, ONE, [], ONE]
    batches = batches_of(execution, came)
    assert [next(batches), next(batches)] == [0, 1]
    execution.stop.set()
    assert list(batches) == [1, 1]
    assert came == [ONE]


def test_producers_that_go_on_do_not_hold_a_stop_up() -> None:
    execution = Execution(threading.Event())
    execution.stop.set()
    assert list(batches_of(execution, [ONE] * 50)) == [1] * REST_POLLS


def test_a_poll_that_fails_after_the_request_to_stop_ends_the_flow_with_its_failure() -> None:
    execution = Execution(threading.Event())
    execution.stop.set()
    assert list(batches_of(execution, [ONE, ZeroDivisionError(), ONE])) == [1]
    with pytest.raises(ZeroDivisionError):
        execution.raise_failure()


def _ten_by(number: int) -> int:
    return 10 // number


def test_what_a_step_raises_ends_the_run_and_is_raised_when_all_is_closed() -> None:
    execution = Execution(threading.Event())
    assert list(execution.guard(_ten_by)(5)) == [2]
    assert not execution.over()
    assert list(execution.guard(_ten_by)(0)) == []
    assert execution.over()
    assert list(execution.guard(_ten_by)(5)) == [], "nothing is done after a failure"
    with pytest.raises(ZeroDivisionError):
        execution.raise_failure()
