"""The whole warehouse flow, between a real broker and real tables."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from bytewax.visualize import to_mermaid
from confluent_kafka.admin import AdminClient

import flows.loader.append
import flows.loader.hold
import flows.loader.loader
from connectors.kafka.reader import Record, TopicReader, TopicReplaced
from connectors.kafka.topics import ACTIONS, ENRICHED, create_topics
from connectors.warehouse.delta import DeltaAppender
from connectors.warehouse.errors import WarehouseUnfit
from flows import warehouse
from flows.loader.loader import Loader
from flows.metrics.meter import Meter
from flows.settings import Settings
from flows.waiting import ServiceAbsent
from tests.flows.published import Log, Published, log, publish, stored
from tests.flows.running_warehouse import Running, running, until

CHILD = Path(__file__).with_name("warehouse_child.py")


def has_all(folder: Path, made: Log) -> bool:
    return len(stored(folder, "touchpoints")) >= len(made.touchpoints) and len(
        stored(folder, "actions")
    ) >= len(made.actions)


def assert_exactly(folder: Path, *logs: Log) -> None:
    """Every record's row, once, and no other."""
    assert stored(folder, "touchpoints") == sorted(n for made in logs for n in made.touchpoints)
    assert stored(folder, "actions") == sorted(n for made in logs for n in made.actions)


def test_the_flow_can_be_drawn_without_a_broker_or_a_warehouse() -> None:
    drawn = to_mermaid(warehouse.build(Loader(Settings(), Meter(), threading.Event())))
    for step in ("consume", "decode", "accept", "append"):
        assert f"warehouse.{step}" in drawn


def test_rows_are_the_records_each_once(fresh_topics: str, tmp_path: Path) -> None:
    made = log(seed=1, flushes=20)
    publish(fresh_topics, made.records)
    with running(fresh_topics, tmp_path) as flow:
        until("all rows", lambda: has_all(tmp_path, made))
    assert_exactly(tmp_path, made)
    assert flow.readiness == 1
    junk = sum(record.value == b"not a record" for record in made.records)
    plans = sum(record.key is None for record in made.records)
    rows = len(made.touchpoints) + len(made.actions)
    value = flow.meter.value
    assert junk > 0
    assert value("touchline_warehouse_skipped_total", table="touchpoints") == junk
    tables = ("touchpoints", "actions")
    assert sum(value("touchline_warehouse_rows_total", table=t) for t in tables) == rows
    repeats = sum(value("touchline_warehouse_repeats_total", table=t) for t in tables)
    assert repeats == len(made.records) - plans - junk - rows
    assert value("touchline_warehouse_commit_seconds", table="actions") >= 1
    assert value("touchline_warehouse_last_commit_timestamp_seconds", table="actions") > 0
    assert value("touchline_warehouse_up") == 1


def test_a_tail_that_is_published_again_after_a_restart_adds_nothing(
    fresh_topics: str, tmp_path: Path
) -> None:
    made, more = log(seed=2, flushes=6), log(seed=3, flushes=2, first_commit=6)
    publish(fresh_topics, made.records)
    with running(fresh_topics, tmp_path):
        until("all rows", lambda: has_all(tmp_path, made))
    publish(fresh_topics, made.records[-40:])
    publish(fresh_topics, more.records)
    both = Log([], made.touchpoints + more.touchpoints, made.actions + more.actions)
    with running(fresh_topics, tmp_path):
        until("the new rows", lambda: has_all(tmp_path, both))
    assert_exactly(tmp_path, made, more)


def skipped(flow: Running) -> float:
    tables = ("touchpoints", "actions")
    return sum(flow.meter.value("touchline_warehouse_skipped_total", table=t) for t in tables)


def test_a_stop_writes_what_was_read(fresh_topics: str, tmp_path: Path) -> None:
    first, second = log(seed=4, flushes=1), log(seed=5, flushes=1, first_commit=1)
    with running(fresh_topics, tmp_path) as flow:
        publish(fresh_topics, first.records)
        until("the first rows", lambda: has_all(tmp_path, first))
        publish(fresh_topics, second.records)
        ends = [Published(ENRICHED, shard, "x", b"not a record") for shard in range(4)]
        publish(fresh_topics, ends + [end._replace(topic=ACTIONS) for end in ends])
        until("the end to be read", lambda: skipped(flow) >= 8)  # too early for the next commit
        assert len(stored(tmp_path, "touchpoints")) == len(first.touchpoints)
        assert flow.stop() < 3
    assert_exactly(tmp_path, first, second)


def test_a_stop_while_a_write_is_long_reads_what_had_come_before_it(
    fresh_topics: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, go_on = threading.Event(), threading.Event()
    append = DeltaAppender.append

    def long_append(*arguments: Any) -> int:
        writing.set()
        assert go_on.wait(20)
        return append(*arguments)

    monkeypatch.setattr(DeltaAppender, "append", long_append)
    first, second = log(seed=6, flushes=1), log(seed=7, flushes=3, first_commit=1)
    with running(fresh_topics, tmp_path) as flow:
        publish(fresh_topics, first.records)
        assert writing.wait(20)
        publish(fresh_topics, second.records)
        threading.Timer(0.5, go_on.set).start()
        assert flow.stop() < 5
    assert_exactly(tmp_path, first, second)


def test_what_is_read_after_the_request_to_stop_is_written_at_once(
    fresh_topics: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, go_on = threading.Event(), threading.Event()
    written: list[str] = []
    append = DeltaAppender.append

    def held_append(appender: DeltaAppender, *arguments: Any) -> int:
        written.append(appender.table.name)
        writing.set()
        assert go_on.wait(20)
        return append(appender, *arguments)

    monkeypatch.setattr(DeltaAppender, "append", held_append)
    monkeypatch.setattr(flows.loader.loader, "POLL_RECORDS", 20)  # for polls to follow each other
    monkeypatch.setattr(flows.loader.append, "MOST_SECONDS", 0.0)  # each of them is due
    made = log(seed=8, flushes=4)
    with running(fresh_topics, tmp_path) as flow:
        publish(fresh_topics, made.records)
        assert writing.wait(20)
        before = len(written)
        threading.Timer(6, go_on.set).start()  # meanwhile the client fetches all of it
        flow.stop()
    # The write at hand, perhaps the other table's of the same poll, and the last of each.
    assert len(written) - before <= 3
    # Of either table: which of them the last polls bring is the client's choice.
    assert len(stored(tmp_path, "touchpoints")) + len(stored(tmp_path, "actions")) > 20


def test_a_stop_does_not_wait_for_producers_that_go_on(fresh_topics: str, tmp_path: Path) -> None:
    ended = threading.Event()

    def go_on_producing() -> None:
        made = 0
        while not ended.wait(0.02):
            publish(fresh_topics, [Published(ENRICHED, made % 4, "x", b"not a record")])
            made += 1

    producer = threading.Thread(target=go_on_producing)
    with running(fresh_topics, tmp_path) as flow:
        producer.start()
        try:
            until("a record", lambda: skipped(flow) > 0)
            assert flow.stop() < 5
            assert producer.is_alive()
        finally:
            ended.set()
            producer.join()


@contextmanager
def child(bootstrap: str, folder: Path, point: str, at: int) -> Iterator["subprocess.Popen[str]"]:
    """The flow in a process of its own, past its start; killed if it is not gone at the end."""
    command = [sys.executable, str(CHILD), bootstrap, str(folder), point, str(at)]
    environment = {"PYTHONPATH": str(CHILD.parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("point", ["before commit", "after commit", "after append"])
def test_a_kill_at_any_point_loses_no_row_and_doubles_none(
    point: str, fresh_topics: str, tmp_path: Path
) -> None:
    made = log(seed=6, flushes=30)
    publish(fresh_topics, made.records)
    for at in (1, 2, 4):
        with child(fresh_topics, tmp_path, point, at) as killed:
            assert killed.wait(30) == -signal.SIGKILL
    assert not has_all(tmp_path, made), "it died half-way each time"
    with child(fresh_topics, tmp_path, "never", 0) as survivor:
        until("all rows", lambda: has_all(tmp_path, made))
        survivor.terminate()
        assert survivor.wait(10) == 0
    assert_exactly(tmp_path, made)


def test_a_kill_at_any_moment_loses_no_row_and_doubles_none(
    fresh_topics: str, tmp_path: Path
) -> None:
    made = log(seed=15, flushes=60)
    publish(fresh_topics, made.records)
    dice = Random(15)
    for _ in range(5):
        with child(fresh_topics, tmp_path, "never", 0):
            time.sleep(dice.uniform(0.0, 0.3))  # real time is what this test is about
    with child(fresh_topics, tmp_path, "never", 0) as survivor:
        until("all rows", lambda: has_all(tmp_path, made))
        survivor.terminate()
        assert survivor.wait(10) == 0
    assert_exactly(tmp_path, made)


def test_two_flows_on_the_same_tables_never_double_a_row(fresh_topics: str, tmp_path: Path) -> None:
    made = log(seed=7, flushes=40)
    with (
        child(fresh_topics, tmp_path, "never", 0) as one,
        child(fresh_topics, tmp_path, "never", 0) as other,
    ):
        for start in range(0, len(made.records), 100):
            publish(fresh_topics, made.records[start : start + 100])
        until("all rows", lambda: has_all(tmp_path, made))
        for process in (one, other):
            process.terminate()
        assert [process.wait(10) for process in (one, other)] == [0, 0]
    assert_exactly(tmp_path, made)


def test_a_warehouse_that_cannot_be_written_is_waited_for_and_then_gets_all_rows(
    fresh_topics: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows.loader.hold, "FIRST_S", 0.05)
    monkeypatch.setattr(flows.loader.hold, "MOST_S", 0.1)
    monkeypatch.setattr(flows.loader.append, "MOST_SECONDS", 0.1)
    folder, elsewhere = tmp_path / "warehouse", tmp_path / "elsewhere"
    folder.write_text("in the way")
    first, second = log(seed=8, flushes=3), log(seed=9, flushes=3, first_commit=3)
    publish(fresh_topics, first.records)
    with running(fresh_topics, folder) as flow:
        assert flow.ready.wait(20), "what waits for the flow is not held up"
        assert flow.meter.value("touchline_warehouse_up") == 0
        folder.unlink()
        until("the first rows", lambda: has_all(folder, first))
        assert flow.meter.value("touchline_warehouse_up") == 1

        folder.rename(elsewhere)
        folder.write_text("in the way again")
        publish(fresh_topics, second.records)
        until("trouble", lambda: flow.meter.value("touchline_warehouse_up") == 0)
        folder.unlink()
        elsewhere.rename(folder)
        until("all rows", lambda: len(stored(folder, "touchpoints")) > len(first.touchpoints))
    assert flow.readiness == 1
    assert_exactly(folder, first, second)


def test_a_stop_while_waiting_for_the_warehouse_ends_in_time_and_the_rows_come_next_time(
    fresh_topics: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows.loader.append, "MOST_SECONDS", 0.1)
    folder, elsewhere = tmp_path / "warehouse", tmp_path / "elsewhere"
    first, second = log(seed=10, flushes=2), log(seed=11, flushes=2, first_commit=2)
    with running(fresh_topics, folder) as flow:
        publish(fresh_topics, first.records)
        until("the first rows", lambda: has_all(folder, first))
        folder.rename(elsewhere)
        folder.write_text("in the way")
        publish(fresh_topics, second.records)
        until("trouble", lambda: flow.meter.value("touchline_warehouse_up") == 0)
        assert flow.stop() < 2
    folder.unlink()
    elsewhere.rename(folder)
    with running(fresh_topics, folder):
        until("all rows", lambda: len(stored(folder, "touchpoints")) > len(first.touchpoints))
    assert_exactly(folder, first, second)


def test_topics_that_were_made_again_go_on_in_the_same_tables(
    fresh_topics: str, tmp_path: Path
) -> None:
    before, after = log(seed=12, flushes=5), log(seed=13, flushes=5, first_commit=1_000)
    publish(fresh_topics, before.records)
    with running(fresh_topics, tmp_path):
        until("all rows", lambda: has_all(tmp_path, before))
    admin = AdminClient({"bootstrap.servers": fresh_topics})
    for deleted in admin.delete_topics([ENRICHED, ACTIONS]).values():
        deleted.result(10)
    create_topics({"bootstrap.servers": fresh_topics}, Settings().channels, 16)
    publish(fresh_topics, after.records)
    both = Log([], before.touchpoints + after.touchpoints, before.actions + after.actions)
    with running(fresh_topics, tmp_path):
        until("all rows", lambda: has_all(tmp_path, both))
    assert_exactly(tmp_path, before, after)


def test_a_table_that_is_not_ours_ends_the_flow_with_its_name(
    fresh_topics: str, tmp_path: Path
) -> None:
    stranger = log(seed=14, flushes=1)
    publish(fresh_topics, stranger.records)
    with running(fresh_topics, tmp_path):
        until("all rows", lambda: has_all(tmp_path, stranger))
    (tmp_path / "actions").rename(tmp_path / "kept")
    (tmp_path / "touchpoints").rename(tmp_path / "actions")
    flow = Running(fresh_topics, tmp_path)
    until("its end", lambda: not flow.alive())
    assert isinstance(flow.failure, WarehouseUnfit)
    assert "actions: column kind: expected" in str(flow.failure)


def test_without_a_broker_the_flow_says_so_and_ends_when_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running("127.0.0.1:1", tmp_path) as flow:
        until("the address", lambda: "127.0.0.1:1" in caplog.text)
        assert not flow.ready.is_set()
        assert flow.stop() < 5


def test_without_a_broker_the_flow_ends_at_once_when_it_must_not_wait(tmp_path: Path) -> None:
    settings = Settings(
        kafka_bootstrap_servers="127.0.0.1:1", warehouse_url=str(tmp_path), fail_fast=True
    )
    with pytest.raises(ServiceAbsent, match=r"127\.0\.0\.1:1"):
        warehouse.run(settings, Meter(), threading.Event(), lambda: None)


def test_without_a_warehouse_the_flow_ends_at_once_when_it_must_not_wait(
    fresh_topics: str, tmp_path: Path
) -> None:
    folder = tmp_path / "warehouse"
    folder.write_text("in the way")
    settings = Settings(
        kafka_bootstrap_servers=fresh_topics, warehouse_url=str(folder), fail_fast=True
    )
    with pytest.raises(ServiceAbsent, match="the warehouse is not available"):
        warehouse.run(settings, Meter(), threading.Event(), lambda: None)


@pytest.mark.parametrize("fail_fast", [True, False])
def test_a_warehouse_that_is_there_counts_as_up_from_the_start(
    fail_fast: bool, fresh_topics: str, tmp_path: Path
) -> None:
    settings = Settings(
        kafka_bootstrap_servers=fresh_topics, warehouse_url=str(tmp_path), fail_fast=fail_fast
    )
    meter, stop, seen = Meter(), threading.Event(), []

    def ready() -> None:
        seen.append(meter.value("touchline_warehouse_up"))
        stop.set()

    warehouse.run(settings, meter, stop, ready)
    assert seen == [1]


def test_what_was_read_before_a_topic_was_gone_is_written(
    fresh_topics: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows.loader.loader, "POLL_RECORDS", 10)
    monkeypatch.setattr(flows.loader.append, "MOST_SECONDS", 3_600.0)
    made = log(seed=15, flushes=6)
    publish(fresh_topics, made.records)
    left, read = len(made.records), TopicReader.read

    def read_until_gone(reader: TopicReader, limit: int, wait_s: float) -> list[Record]:
        nonlocal left
        if left <= 0:
            raise TopicReplaced("gone")
        records = read(reader, limit, wait_s)
        left -= len(records)
        return records

    monkeypatch.setattr(TopicReader, "read", read_until_gone)
    flow = Running(fresh_topics, tmp_path)
    until("its end", lambda: not flow.alive())
    assert isinstance(flow.failure, TopicReplaced)
    assert_exactly(tmp_path, made)
