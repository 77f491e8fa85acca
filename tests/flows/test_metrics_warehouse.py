"""The warehouse flow shows what it has read, written and still to do, and tells it to lag tools."""

from collections import Counter
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition

from connectors.kafka.topics import ACTIONS, ENRICHED
from flows.loader.standing import GROUP
from flows.metrics.of_warehouse import WAREHOUSE_STAGES
from tests.flows.published import NOON_MS, Log, log, publish
from tests.flows.running_warehouse import Running, running, until


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
