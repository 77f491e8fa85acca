"""Upkeep beside writers: no row lost or doubled, and their positions stay."""

import os
import time
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError
from deltalake.table import TableOptimizer

import connectors.warehouse.upkeep
from connectors.warehouse.alone import alone
from connectors.warehouse.ask import open_warehouse
from connectors.warehouse.delta import DeltaAppender
from connectors.warehouse.errors import WarehouseUnavailable
from connectors.warehouse.snapshot import snapshot_of
from connectors.warehouse.tables import TOUCHPOINTS
from connectors.warehouse.upkeep import KEEP, Upkeep
from tests.connectors.warehouse_samples import DAY_MS, NOON_MS, event, store

NOTHING_KEPT = timedelta(0)


def ids(folder: Path) -> list[Any]:
    with open_warehouse(str(folder)) as warehouse:
        sql = 'select id from touchpoints_rows order by shard, "commit", "index"'
        return [name for (name,) in warehouse.connection.execute(sql).fetchall()]


def numbered(count: int) -> list[str]:
    return [f"0-{number}" for number in range(count)]


def small_files(folder: Path, count: int, days: int = 2) -> str:
    return store(folder, *[[event(n, at_ms=NOON_MS + n % days * DAY_MS)] for n in range(count)])


def data_files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "touchpoints").glob("date=*/*.parquet")}


def test_each_day_s_small_files_become_one_and_the_rows_stay(tmp_path: Path) -> None:
    url = small_files(tmp_path, 9)
    upkeep = Upkeep(url, TOUCHPOINTS)
    merges = upkeep.merges()
    assert [(str(m.day), m.files) for m in merges] == [("2026-01-01", 5), ("2026-01-02", 4)]
    done = [(str(m.day), m.before, m.after) for m in upkeep.merge(merges)]
    assert done == [("2026-01-01", 5, 1), ("2026-01-02", 4, 1)]
    assert upkeep.size()[0] == 2
    assert upkeep.merges() == []
    assert ids(tmp_path) == numbered(9)
    with open_warehouse(url) as warehouse:
        assert [row["id"] for row in warehouse.last_touchpoints("ada", 2)] == ["0-7", "0-5"]


def test_what_is_appended_between_and_during_merging_is_there_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The appender commits after each step of the Delta library's merge, on a handle of its own."""
    url = small_files(tmp_path, 6)
    appender = DeltaAppender(url, TOUCHPOINTS, "id", 2)
    appended = iter(range(6, 100))

    def append() -> None:
        number = next(appended)
        assert appender.append([event(number)], {0: number + 1}) == 1

    read_files = snapshot_of

    def read_and_append(*arguments: Any) -> Any:
        found = read_files(*arguments)
        append()
        return found

    monkeypatch.setattr(connectors.warehouse.upkeep, "snapshot_of", read_and_append)
    upkeep = Upkeep(url, TOUCHPOINTS)
    stale = Upkeep(url, TOUCHPOINTS)  # it merges after another one, though opened before
    for _ in upkeep.merge(upkeep.merges()):
        append()
    upkeep.shorten_log()
    append()
    assert upkeep.remove(KEEP, dry_run=False).files == 0
    append()
    list(stale.merge(stale.merges()))
    count = next(appended)
    assert ids(tmp_path) == numbered(count)
    assert appender.positions()[0].offset == count


def test_a_writer_and_a_merger_that_run_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    url = small_files(tmp_path, 4, days=1)
    stop, written = Event(), 4

    def write() -> None:
        nonlocal written
        appender = DeltaAppender(url, TOUCHPOINTS, "id", 2)
        while not stop.is_set():
            # Given again as after a crash: of these two the first is there.
            appender.append([event(written - 1), event(written)], {0: written + 1})
            written += 1

    writer = Thread(target=write)
    writer.start()
    merged = 0
    try:
        while merged < 4:
            upkeep = Upkeep(url, TOUCHPOINTS)
            merged += sum(1 for _ in upkeep.merge(upkeep.merges()))
            upkeep.shorten_log()
            upkeep.remove(KEEP, dry_run=False)
    finally:
        stop.set()
        writer.join()
    assert written > 4
    assert ids(tmp_path) == numbered(written)


def test_only_one_at_a_time_may_take_files_out_of_a_table(tmp_path: Path) -> None:
    url = small_files(tmp_path, 2)
    with (
        alone(url, TOUCHPOINTS),
        pytest.raises(WarehouseUnavailable, match="another one merges or removes rows there"),
        alone(url, TOUCHPOINTS),
    ):
        pytest.fail("two at a time")
    with alone(url, TOUCHPOINTS):
        assert Upkeep(url, TOUCHPOINTS).remove(NOTHING_KEPT, dry_run=False).files == 0
        with pytest.raises(WarehouseUnavailable), alone(url, TOUCHPOINTS):
            pytest.fail("the lock was removed as an old file")


def expired(folder: Path) -> None:
    """Make the log's files older than the table keeps them."""
    old = time.time() - 40 * 86_400
    for path in (folder / "touchpoints/_delta_log").iterdir():
        os.utime(path, (old, old))


def test_positions_survive_merging_a_checkpoint_and_the_removal_of_old_commits(
    tmp_path: Path,
) -> None:
    url = small_files(tmp_path, 5)
    appender = DeltaAppender(url, TOUCHPOINTS, "id", 2)
    appender.append([event(5), event(1, partition=1)], {0: 77, 1: 5})
    before = appender.positions()
    upkeep = Upkeep(url, TOUCHPOINTS)
    list(upkeep.merge(upkeep.merges()))
    expired(tmp_path)
    log = tmp_path / "touchpoints/_delta_log"
    commits = set(log.glob("*.json"))
    upkeep.shorten_log()
    assert set(log.glob("*.json")) < commits, "old commits are gone"
    upkeep.remove(NOTHING_KEPT, dry_run=False)
    again = DeltaAppender(url, TOUCHPOINTS, "id", 2)
    assert again.positions() == before
    assert before[0].offset == 77
    assert again.append([event(5), event(6)], {0: 78}) == 1
    # A writer that slept for as long as commits are kept (30 days) looks anew, and goes on.
    assert appender.append([event(6), event(7)], {0: 79}) == 1
    assert ids(tmp_path) == [*numbered(8), "1-1"]


def test_merged_files_are_removed_when_their_time_is_over_and_not_before(tmp_path: Path) -> None:
    url = small_files(tmp_path, 4, days=1)
    before = data_files(tmp_path)
    upkeep = Upkeep(url, TOUCHPOINTS)
    list(upkeep.merge(upkeep.merges()))
    assert upkeep.remove(KEEP, dry_run=False) == (0, 0)
    assert before < data_files(tmp_path)
    looked = upkeep.remove(NOTHING_KEPT, dry_run=True)
    assert looked.files == 4
    assert looked.bytes is not None
    assert looked.bytes > 4 * 1_000
    assert before < data_files(tmp_path), "a dry run only looks"
    assert upkeep.remove(NOTHING_KEPT, dry_run=False) == looked
    assert not before & data_files(tmp_path)
    assert ids(tmp_path) == numbered(4)


def test_what_a_killed_writer_left_is_removed_once_it_is_old(tmp_path: Path) -> None:
    url = small_files(tmp_path, 1)
    orphan = tmp_path / "touchpoints/date=2026-01-01/part-00000-orphan.parquet"
    orphan.write_bytes(b"half")
    upkeep = Upkeep(url, TOUCHPOINTS)
    assert upkeep.remove(KEEP, dry_run=False).files == 0
    assert orphan.exists(), "its writer may be about to commit it"
    old = time.time() - 8 * 86_400
    os.utime(orphan, (old, old))
    assert upkeep.remove(KEEP, dry_run=False) == (1, 4)
    assert ids(tmp_path) == numbered(1)


def test_a_table_without_rows_needs_no_upkeep(tmp_path: Path) -> None:
    upkeep = Upkeep(store(tmp_path), TOUCHPOINTS)
    assert (upkeep.merges(), upkeep.size()) == ([], (0, 0))
    upkeep.shorten_log()
    assert upkeep.remove(KEEP, dry_run=False).files == 0


def test_what_goes_wrong_is_said_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upkeep = Upkeep(small_files(tmp_path, 3), TOUCHPOINTS)

    def full(*_: Any, **__: Any) -> Any:
        raise OSError("the disk is full")

    def refused(*_: Any, **__: Any) -> Any:
        raise CommitFailedError("a concurrent transaction deleted data")

    monkeypatch.setattr(DeltaTable, "vacuum", full)
    with pytest.raises(WarehouseUnavailable, match="touchpoints: the disk is full"):
        upkeep.remove(KEEP, dry_run=False)
    monkeypatch.setattr(TableOptimizer, "compact", refused)
    with pytest.raises(WarehouseUnavailable, match="changed the same files meanwhile; run it"):
        list(upkeep.merge(upkeep.merges()))


def test_files_of_half_the_size_meant_are_left_as_they_are(tmp_path: Path) -> None:
    upkeep = Upkeep(store(tmp_path, [event(1)], [event(2)]), TOUCHPOINTS)
    one = upkeep.size()[1] // 2
    assert upkeep.merges(target_bytes=one) == []
    assert [merge.files for merge in upkeep.merges(target_bytes=4 * one)] == [2]
