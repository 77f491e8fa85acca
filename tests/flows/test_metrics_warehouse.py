"""The warehouse flow shows what it has read, written and still to do, and tells it to lag tools."""

import threading
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from confluent_kafka import Consumer, TopicPartition

from connectors.kafka.reader import Place
from connectors.kafka.topics import ACTIONS, ENRICHED
from flows.loader.append import Buffer
from flows.loader.hold import Hold
from flows.loader.standing import GROUP, Standing
from flows.metrics.catalogue import METRICS_OF
from flows.metrics.meter import Meter
from flows.metrics.of_warehouse import WAREHOUSE_STAGES
from tests.flows.published import NOON_MS, Log, log, publish
from tests.flows.running_warehouse import Running, running, until
from tests.flows.stand_in_warehouse import AWAY, HOME, TOPIC, Waits, Warehouse, row


def test_what_was_read_and_written_is_shown_and_told(fresh_topics: str, tmp_path: Path) -> None:
    made = log(seed=4, flushes=10)
    publish(fresh_topics, made.records)
    with running(fresh_topics, tmp_path) as flow:
        until("all is read", lambda: read(flow) == len(made.records))
        until("all is shown", lambda: standing(flow) == {"lag_records": 0, "buffered_rows": 0})
    check_freshness(flow, made)
    told = {place: at for place, at in told_of(fresh_topics).items() if at >= 0}
    assert told == ends_of(made)


def read(flow: Running) -> float:
    tables = ("touchpoints", "actions")
    return sum(flow.meter.value("touchline_warehouse_records_total", table=t) for t in tables)


def standing(flow: Running) -> dict[str, float]:
    """What is still to be done, over all topics, partitions and tables."""
    families = {f.name: sum(s.value for s in f.samples) for f in flow.meter.collect()}
    names = ("lag_records", "buffered_rows")
    return {name: families[f"touchline_warehouse_{name}"] for name in names}


def check_freshness(flow: Running, made: Log) -> None:
    """What was read, written and known, by table; nothing was in the way."""
    value = flow.meter.value
    for table, topic in (("touchpoints", ENRICHED), ("actions", ACTIONS)):
        mine = [record for record in made.records if record.topic == topic]
        assert value("touchline_warehouse_records_total", table=table) == len(mine)
        rows = value("touchline_warehouse_rows_total", table=table)
        sizes = [len(record.value) for record in mine if record.key]
        size = value("touchline_warehouse_bytes_total", table=table)
        assert rows * min(sizes) <= size <= rows * max(sizes)
    newest = "touchline_warehouse_newest_timestamp_seconds"
    last_commit = max(int(name.split("-")[1]) for name in made.touchpoints)
    assert 0 <= value(newest, table="touchpoints") - NOON_MS / 1000 - last_commit < 1
    assert value(newest, table="actions") == NOON_MS / 1000
    for stage in WAREHOUSE_STAGES:
        assert value("touchline_warehouse_stage_seconds", stage=stage) > 0, stage
    assert value("touchline_warehouse_idle_seconds_total") > 0
    for name in ("outages_total", "outage_seconds_total", "failures_total"):
        assert value(f"touchline_warehouse_{name}") == 0, name


def ends_of(made: Log) -> dict[tuple[str, int], int]:
    """(topic, partition) → the offset after its last record."""
    return dict(Counter((record.topic, record.partition) for record in made.records))


def told_of(bootstrap: str) -> dict[tuple[str, int], int]:
    """(topic, partition) → the offset that a lag tool sees; below 0 for none."""
    tool = Consumer({"bootstrap.servers": bootstrap, "group.id": GROUP})
    places = [TopicPartition(topic, p) for topic in (ENRICHED, ACTIONS) for p in range(4)]
    found = {(part.topic, part.partition): part.offset for part in tool.committed(places, 15)}
    tool.close()
    return found


class Lagging:
    """Two partitions of the enriched topic, read to offset 10 each, on a clock set by hand."""

    def __init__(self) -> None:
        self.meter = Meter(METRICS_OF["warehouse"])
        self.warehouse = Warehouse()
        hold = Hold(threading.Event(), self.meter)
        self.buffer = Buffer(cast(Any, self.warehouse), hold, self.meter, {0: 10, 1: 10})
        self.told: list[set[tuple[str, int, int]]] = []
        self.ends: dict[Place, int] = {}
        self.highs = {HOME: 10, AWAY: 10}
        reader = SimpleNamespace(
            ends=self.ends,
            highs=lambda: self.highs,
            tell=lambda offsets: self.told.append(set(offsets)),
        )
        self.standing = Standing(self.meter, cast(Any, reader), {TOPIC: self.buffer})

    def lag(self) -> tuple[float, float]:
        self.standing.book()
        value = self.meter.value
        home, away = (
            value("touchline_warehouse_lag_records", topic=TOPIC, shard=str(place.partition))
            for place in (HOME, AWAY)
        )
        return home, away


def test_what_is_read_and_not_written_is_still_to_be_done() -> None:
    flow = Lagging()
    flow.highs = {HOME: 14, AWAY: 12}
    assert flow.lag() == (4, 2)
    flow.buffer.add([row(1), row(2)], {0: 13})
    assert flow.lag() == (4, 2)
    assert flow.meter.value("touchline_warehouse_buffered_rows", table="touchpoints") == 2
    assert flow.meter.value("touchline_warehouse_buffered_bytes", table="touchpoints") == 2
    flow.buffer.write(0.0)
    assert flow.lag() == (1, 2)
    assert flow.meter.value("touchline_warehouse_buffered_rows", table="touchpoints") == 0


def test_plans_alone_leave_nothing_to_be_done() -> None:
    flow = Lagging()
    flow.highs[AWAY] = 12
    flow.buffer.add([], {1: 12})
    assert flow.lag() == (0, 0)


def test_at_the_end_a_wrong_mark_is_no_lag() -> None:
    flow = Lagging()
    flow.highs = {HOME: 500, AWAY: 500}
    flow.ends[HOME] = 10
    flow.ends[AWAY] = 9
    assert flow.lag() == (0, 490)


def test_a_mark_that_is_behind_what_is_written_is_no_lag_below_0() -> None:
    flow = Lagging()
    flow.highs = {HOME: 8}
    assert flow.lag() == (0, 0)


def test_offsets_are_told_every_five_seconds_and_the_gauges_looked_at_every_second() -> None:
    flow = Lagging()
    for quarter in range(4 * 10):
        flow.standing.look(quarter / 4)
    assert flow.told == [{(TOPIC, 0, 10), (TOPIC, 1, 10)}] * 2


def test_a_write_that_failed_is_counted_and_so_is_the_outage() -> None:
    flow = Lagging()
    flow.buffer.add([row(1)], {0: 11})
    flow.warehouse.away = 1
    flow.buffer.drain()
    assert flow.meter.value("touchline_warehouse_failures_total") == 1
    assert flow.buffer.done == {0: 10, 1: 10}
    hold = Hold(Waits(), flow.meter)
    again = Buffer(cast(Any, flow.warehouse), hold, flow.meter)
    again.add([row(1)], {0: 11})
    flow.warehouse.away = 3
    again.write(0.0)
    assert flow.meter.value("touchline_warehouse_failures_total") == 4
    assert flow.meter.value("touchline_warehouse_outages_total") == 1
    assert flow.meter.value("touchline_warehouse_up") == 1
