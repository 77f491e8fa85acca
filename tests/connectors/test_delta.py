"""What the Delta appender promises: each row once, with its position, whatever happens."""

import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import connectors.warehouse.delta
from connectors.warehouse.delta import DeltaAppender, Position
from connectors.warehouse.errors import WarehouseUnavailable
from connectors.warehouse.tables import TOUCHPOINTS
from tests.connectors.delta_rows import NOON_MS, ids, numbered, row, rows, stored

DAY_MS = 86_400_000


@pytest.fixture
def appender(tmp_path: Path) -> DeltaAppender:
    return DeltaAppender(str(tmp_path), TOUCHPOINTS, "first/id==", 2)


def version(folder: Path) -> int:
    return DeltaTable(str(folder / "touchpoints")).version()


def test_a_row_holds_what_the_record_held(appender: DeltaAppender, tmp_path: Path) -> None:
    assert appender.append([row(12)], {0: 13}) == 1
    assert stored(tmp_path) == [
        (
            "0-12",
            "ada",
            "click",
            "Product Viewed",
            "2026-01-01",
            (NOON_MS - 1_000) * 1_000,
            NOON_MS * 1_000,
            [],
            '{"orders":2,"sports":["ski","Zürich"]}',
            '{"price": 1.50, "title": "café \\u00e9"}',
            "v1",
            0,
            0,
            1,
            2,
        )
    ]


def test_segments_stay_with_their_own_row(appender: DeltaAppender, tmp_path: Path) -> None:
    appender.append(rows(6), {0: 6})
    assert [found[7] for found in stored(tmp_path)] == [
        [],
        ["vip"],
        ["lapsed", "vip"],
        [],
        ["vip"],
        ["lapsed", "vip"],
    ]


def test_every_column_of_the_table_says_what_it_means(appender: DeltaAppender) -> None:
    appender.positions()
    comments = {f.name: f.metadata["comment"] for f in DeltaTable(appender.url).schema().fields}
    assert comments == {column.name: column.doc for column in TOUCHPOINTS.columns}
    assert all(comments.values())


def test_rows_lie_in_the_folder_of_the_day_they_were_received(
    appender: DeltaAppender, tmp_path: Path
) -> None:
    days = [NOON_MS, NOON_MS + DAY_MS, -1]
    appender.append([row(number, received_ms=ms) for number, ms in enumerate(days)], {})
    folders = {path.parent.name for path in (tmp_path / "touchpoints").glob("*/*.parquet")}
    assert folders == {"date=2026-01-01", "date=2026-01-02", "date=1969-12-31"}


def test_positions_are_kept_with_the_rows(appender: DeltaAppender, tmp_path: Path) -> None:
    appender.append(rows(3), {0: 17, 1: 4})
    again = DeltaAppender(str(tmp_path), TOUCHPOINTS, "first/id==", 2)
    assert again.positions() == {0: Position(17, row(2).mark), 1: Position(4, -1)}


def test_positions_outlive_the_log_files_they_were_written_in(
    appender: DeltaAppender, tmp_path: Path
) -> None:
    appender.append(rows(3), {0: 17})
    DeltaTable(appender.url).create_checkpoint()
    for entry in (tmp_path / "touchpoints" / "_delta_log").glob("*.json"):
        entry.unlink()
    again = DeltaAppender(str(tmp_path), TOUCHPOINTS, "first/id==", 2)
    assert again.positions()[0] == Position(17, row(2).mark)


def test_a_repeated_tail_adds_nothing_and_makes_no_commit(
    appender: DeltaAppender, tmp_path: Path
) -> None:
    appender.append(rows(5), {0: 5})
    again = DeltaAppender(str(tmp_path), TOUCHPOINTS, "first/id==", 2)
    assert appender.append(rows(5)[2:], {0: 8}) == 0
    assert again.append(rows(5), {0: 8}) == 0
    assert ids(tmp_path) == numbered(5)
    assert version(tmp_path) == 1


def test_of_a_tail_that_is_partly_there_only_the_rest_is_added(
    appender: DeltaAppender, tmp_path: Path
) -> None:
    appender.append(rows(5), {0: 5})
    again = DeltaAppender(str(tmp_path), TOUCHPOINTS, "first/id==", 2)
    assert again.append(rows(8), {0: 8}) == 3
    assert ids(tmp_path) == numbered(8)


def test_an_offset_that_another_writer_has_left_behind_does_not_fall_back(tmp_path: Path) -> None:
    ahead = DeltaAppender(str(tmp_path), TOUCHPOINTS, "id", 1)
    behind = DeltaAppender(str(tmp_path), TOUCHPOINTS, "id", 1)
    ahead.append(rows(3), {0: 50})
    assert behind.append(rows(4), {0: 30}) == 1
    assert behind.positions()[0] == Position(50, row(3).mark)


def test_a_topic_that_was_made_again_starts_anew_in_the_same_table(
    appender: DeltaAppender, tmp_path: Path
) -> None:
    appender.append(rows(3), {0: 3})
    second = DeltaAppender(str(tmp_path), TOUCHPOINTS, "second", 2)
    assert second.positions() == {0: Position(0, -1), 1: Position(0, -1)}
    assert second.append(rows(2), {0: 2}) == 2
    assert ids(tmp_path) == sorted(numbered(3) + numbered(2))
    assert appender.positions()[0] == Position(3, row(2).mark)


def test_of_two_writers_with_the_same_rows_one_adds_them(tmp_path: Path) -> None:
    writers = [DeltaAppender(str(tmp_path), TOUCHPOINTS, "id", 1) for _ in range(2)]
    for writer in writers:
        writer.positions()  # both have seen the empty table
    assert [writer.append(rows(5), {0: 5}) for writer in writers] == [5, 0]
    assert writers[1].append(rows(6), {0: 6}) == 1
    assert ids(tmp_path) == numbered(6)


def test_what_a_rival_added_to_another_partition_meanwhile_is_not_added_again(
    tmp_path: Path,
) -> None:
    one, other = (DeltaAppender(str(tmp_path), TOUCHPOINTS, "id", 2) for _ in range(2))
    one.positions(), other.positions()
    ahead = [row(number, partition=1) for number in range(3)]
    assert one.append(ahead, {1: 3}) == 3
    assert other.append(rows(3), {0: 3}) == 3  # no conflict: Delta puts it behind the rival's
    assert other.append(ahead, {1: 3}) == 0
    assert ids(tmp_path) == sorted([*numbered(3), "1-0", "1-1", "1-2"])


turns = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(any),
        st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(turns=turns)
def test_two_writers_that_take_turns_as_they_like_never_double_a_row(
    tmp_path_factory: pytest.TempPathFactory, turns: list[tuple[int, tuple[int, int], bool]]
) -> None:
    """Each reads two partitions from their beginnings, in batches of its own, and may restart."""
    folder = tmp_path_factory.mktemp("rivals")

    def fresh() -> tuple[DeltaAppender, list[int]]:
        return DeltaAppender(str(folder), TOUCHPOINTS, "id", 2), [0, 0]

    writers, furthest = [fresh(), fresh()], [0, 0]
    for writer, _ in writers:
        writer.positions()
    for which, counts, restart in turns:
        writer, at = writers[which] = fresh() if restart else writers[which]
        batch = [
            row(number, partition)
            for partition, count in enumerate(counts)
            for number in range(at[partition], at[partition] + count)
        ]
        at[:] = (before + count for before, count in zip(at, counts, strict=True))
        writer.append(batch, {r.place.partition: at[r.place.partition] for r in batch})
        furthest = list(map(max, furthest, at))
    expected = [f"{p}-{number}" for p, count in enumerate(furthest) for number in range(count)]
    assert sorted(ids(folder)) == sorted(expected)


def test_a_write_whose_answer_was_lost_is_not_repeated(
    appender: DeltaAppender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    appender.positions()
    with monkeypatch.context() as patch:
        patch.setattr(connectors.warehouse.delta, "write_deltalake", _then_fail(write_deltalake))
        with pytest.raises(WarehouseUnavailable, match="the line went dead"):
            appender.append(rows(3), {0: 3})
    assert appender.append(rows(3), {0: 3}) == 0
    assert ids(tmp_path) == numbered(3)


def _then_fail(write: Callable[..., None]) -> Callable[..., None]:
    def wrapped(*arguments: Any, **options: Any) -> None:
        write(*arguments, **options)
        raise OSError("the line went dead")

    return wrapped


@contextmanager
def _full_disk(free_bytes: int) -> Iterator[None]:
    """No file may grow beyond `free_bytes`: what a full disk looks like to the writer."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (free_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("free_bytes", [0, 1_000])
def test_a_full_disk_is_named_and_the_rows_go_in_once_there_is_room(
    appender: DeltaAppender, tmp_path: Path, free_bytes: int
) -> None:
    appender.append(rows(2), {0: 2})
    with _full_disk(free_bytes), pytest.raises(WarehouseUnavailable, match=r"touchpoints: .*large"):
        appender.append(rows(500), {0: 500})
    assert ids(tmp_path) == numbered(2)
    assert appender.append(rows(500), {0: 500}) == 498
    assert ids(tmp_path) == numbered(500)


def test_a_warehouse_that_cannot_be_made_is_named_and_made_when_it_can(tmp_path: Path) -> None:
    folder = tmp_path / "warehouse"
    folder.write_text("a file where the folder should be")
    appender = DeltaAppender(str(folder), TOUCHPOINTS, "id", 1)
    with pytest.raises(WarehouseUnavailable, match=r"warehouse/touchpoints: .*directory"):
        appender.positions()
    folder.unlink()
    assert appender.append(rows(1), {}) == 1
    assert ids(folder) == numbered(1)


def test_an_object_store_that_hangs_is_unavailable_before_long() -> None:
    asking = """
from connectors.warehouse import delta
from connectors.warehouse.errors import WarehouseUnavailable
from connectors.warehouse.tables import TABLES
delta.PATIENCE["timeout"] = "1s"
try:
    delta.DeltaAppender("s3://bucket/warehouse", TABLES[0], "id", 1).positions()
except WarehouseUnavailable as error:
    print(error)
"""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        env = {
            **os.environ,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "here",
            "AWS_ACCESS_KEY_ID": "me",
            "AWS_SECRET_ACCESS_KEY": "none",
        }
        # The library's own patience is 180 s.
        said = subprocess.run(
            [sys.executable, "-c", asking],
            check=False,
            env=env,
            capture_output=True,
            text=True,
            timeout=90,
        )
    assert "s3://bucket/warehouse/touchpoints: " in said.stdout, said.stderr
