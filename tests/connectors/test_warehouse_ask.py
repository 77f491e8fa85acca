"""The warehouse as it is read: its views, a customer's last events, and folders half-written."""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from connectors.warehouse.ask import Warehouse, open_warehouse
from connectors.warehouse.delta import DeltaAppender
from connectors.warehouse.errors import WarehouseUnavailable, WarehouseUnfit
from connectors.warehouse.inventory import inventory
from connectors.warehouse.query import answer
from connectors.warehouse.tables import TOUCHPOINTS
from connectors.warehouse.views import VIEWS
from tests.connectors.warehouse_samples import DAY_MS, NOON_MS, decided, event, store


def told(warehouse: Warehouse, sql: str) -> list[tuple[object, ...]]:
    return [row for batch in answer(warehouse, sql).batches for row in batch]


def asked(url: str, sql: str) -> list[tuple[object, ...]]:
    with open_warehouse(url) as warehouse:
        return told(warehouse, sql)


def test_a_repeated_id_is_one_row_the_first_by_place_and_all_rows_stay_to_be_asked(
    tmp_path: Path,
) -> None:
    url = store(
        tmp_path,
        [event(1, event_id="a"), event(2, event_id="b")],
        [
            event(3, event_id="a", at_ms=NOON_MS + DAY_MS),
            event(4, event_id="c"),
            event(5, event_id="a"),
        ],
    )
    assert asked(url, 'select id, "index" from touchpoints order by id') == [
        ("a", 1),
        ("b", 2),
        ("c", 4),
    ]
    assert asked(url, "select count(*) from touchpoints_rows") == [(5,)]
    assert asked(url, "select count(*) from touchpoints where date = '2026-01-02'") == [(0,)]


def test_a_rebuild_s_rows_take_the_place_of_the_earlier_ones_and_no_decision_is_redated(
    tmp_path: Path,
) -> None:
    """Each generation's first row is what counts; a decision was told when it first was."""
    old = [event(1, event_id="a", segments=("new",)), event(2, event_id="b", segments=("new",))]
    new = [
        event(1, event_id="a", generation=1, segments=("vip",)),
        event(2, event_id="b", generation=1, segments=("vip",)),
        event(3, event_id="b", generation=1, segments=("vip", "again")),
    ]
    later = NOON_MS + DAY_MS
    url = store(
        tmp_path,
        old,
        new,
        actions=[
            decided(1, "x", "alert.raised", alert="angry"),
            decided(1, "x", "alert.raised", alert="angry", at_ms=later, generation=1),
        ],
    )
    assert asked(url, 'select id, generation, "index" from touchpoints order by id') == [
        ("a", 1, 1),
        ("b", 1, 2),
    ]
    assert asked(url, "select segment, customer_id from customers_by_segment") == [("vip", "ada")]
    assert asked(url, "select raised_at from alerts") == [("2026-01-01T12:00:00.123Z",)]
    with open_warehouse(url) as warehouse:
        rows = warehouse.last_touchpoints("ada", 5)
    assert [(row["id"], row["generation"], row["index"]) for row in rows] == [
        ("b", 1, 2),
        ("a", 1, 1),
    ]


@pytest.mark.parametrize("view", [view.name for view in VIEWS])
def test_every_view_has_its_columns_and_no_row_when_nothing_was_written(
    view: str, tmp_path: Path
) -> None:
    url = store(tmp_path)
    with open_warehouse(url) as warehouse:
        found = answer(warehouse, f"from {view}")
        (meant,) = [v for v in VIEWS if v.name == view]
        assert [c.name for c in found.columns] == [c.name for c in meant.columns]
        assert list(found.batches) == []


def test_every_column_of_every_view_is_there_with_a_meaning(tmp_path: Path) -> None:
    url = store(tmp_path, [event(1)], actions=[decided(1, "a", "alert.raised")])
    with open_warehouse(url) as warehouse:
        found = inventory(warehouse)
        for view in found.views:
            described = told(warehouse, f"describe {view.name}")
            assert [(c.name, c.type) for c in view.columns] == [row[:2] for row in described]
            assert all(c.doc for c in view.columns)
            assert view.doc
    assert [(t.name, t.rows, t.files) for t in found.tables] == [
        ("touchpoints", 1, 1),
        ("actions", 1, 1),
    ]
    assert all(t.bytes > 0 and t.last_commit_at is not None for t in found.tables)


def test_events_are_counted_by_channel_and_the_day_they_happened(tmp_path: Path) -> None:
    url = store(
        tmp_path,
        [
            event(1),
            event(2, "bob"),
            event(3),
            event(4, channel="chat", at_ms=NOON_MS, received_ms=NOON_MS + DAY_MS),
        ],
    )
    assert asked(url, "select day::varchar, * exclude day from events_by_channel_and_day") == [
        ("2026-01-01", "chat", 1, 1),
        ("2026-01-01", "click", 3, 2),
    ]


def test_a_decision_counts_once_at_each_step_of_the_funnel(tmp_path: Path) -> None:
    url = store(
        tmp_path,
        [
            event(1, name="Offer Shown", decision_id="d1"),
            event(2, name="Offer Shown", decision_id="d1"),
            event(3, name="Offer Clicked", decision_id="d1"),
            event(4, name="Offer Shown", decision_id="d2"),
            event(5, name="Offer Dismissed", decision_id="d2"),
            event(6, name="Offer Shown", decision_id="of nobody"),
            event(7, name="Product Viewed", decision_id="d3"),
            event(8, name="Offer Accepted", event_id="0-9", decision_id="d1"),
        ],
        actions=[
            decided(1, "d1", "offer.decided", offer_id="tea"),
            decided(2, "d2", "offer.decided", offer_id="tea"),
            decided(3, "d3", "offer.decided", offer_id="tea"),
            decided(4, "d4", "offer.decided", offer_id="cup"),
            decided(5, "s1", "segment.entered", offer_id="tea"),
        ],
    )
    assert asked(url, "from offer_funnel") == [
        ("tea", 3, 2, 1, 1, 1, 0.6667, 0.5, 0.5, 0.5),
        ("cup", 1, 0, 0, 0, 0, 0.0, None, None, None),
    ]


def test_an_answer_to_what_was_never_shown_is_in_no_share(tmp_path: Path) -> None:
    """Else a rate could be above 1. However late an answer comes, it counts."""
    url = store(
        tmp_path,
        [
            event(1, name="Offer Shown", decision_id="d1"),
            event(2, name="Offer Clicked", decision_id="d1", at_ms=NOON_MS + 30 * DAY_MS),
            event(3, name="Offer Clicked", decision_id="d2"),
            event(4, name="Offer Accepted", decision_id="d2"),
            event(5, name="Offer Clicked"),
            event(6, name="Offer Shown", decision_id="d3"),
        ],
        actions=[decided(n, f"d{n}", "offer.decided", offer_id="tea") for n in (1, 2, 3)],
    )
    assert asked(url, "from offer_funnel") == [("tea", 3, 2, 2, 1, 0, 0.6667, 0.5, 0.0, 0.0)]


def test_alerts_are_told_with_customer_severity_and_message(tmp_path: Path) -> None:
    raised = decided(
        1, "x", "alert.raised", "bob", alert="angry", severity="high", message="Bob is", key="k"
    )
    url = store(tmp_path, actions=[raised, decided(2, "y", "offer.decided", offer_id="tea")])
    assert asked(url, "from alerts") == [
        ("angry", "high", "bob", "2026-01-01T12:00:00.123Z", "Bob is", "k", "x")
    ]


def test_a_customer_is_in_the_segments_of_the_last_event_received(tmp_path: Path) -> None:
    url = store(
        tmp_path,
        [event(1, segments=("vip", "new")), event(2, "bob", segments=("new",))],
        [event(3, at_ms=NOON_MS + DAY_MS, segments=("vip",))],
        [event(4, "bob", at_ms=NOON_MS + DAY_MS)],
        [event(5, "cyd", at_ms=NOON_MS + DAY_MS, segments=("vip",)), event(6, "cyd")],
    )
    assert asked(url, "select segment, customer_id from customers_by_segment") == [
        ("vip", "ada"),
        ("vip", "cyd"),
    ]


def test_the_tables_are_seen_as_of_when_they_were_opened(tmp_path: Path) -> None:
    url = store(tmp_path, [event(1)])
    writer = DeltaAppender(url, TOUCHPOINTS, "id", 2)
    with open_warehouse(url) as before:
        writer.append([event(2)], {0: 3})
        assert told(before, "select count(*) from touchpoints") == [(1,)]
    assert asked(url, "select count(*) from touchpoints") == [(2,)]


@pytest.mark.parametrize("name", ["with space", "quote'd", "ünï"])
def test_a_folder_may_be_named_as_people_name_folders(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    url = store(tmp_path / name, [event(1)])
    assert asked(url, "select count(*) from touchpoints") == [(1,)]
    assert asked(f"file://{url}", "select count(*) from touchpoints") == [(1,)]


def last_ids(url: str, customer: str, limit: int) -> list[object]:
    with open_warehouse(url) as warehouse:
        return [row["id"] for row in warehouse.last_touchpoints(customer, limit)]


def test_the_last_events_of_a_customer_come_newest_first_each_once(tmp_path: Path) -> None:
    days = [[event(n, at_ms=NOON_MS + n * DAY_MS), event(n, "bob", partition=1)] for n in range(12)]
    late = event(
        70, at_ms=NOON_MS + 10 * DAY_MS + 1, received_ms=NOON_MS + 20 * DAY_MS, event_id="late"
    )
    again = event(
        71, at_ms=NOON_MS + 11 * DAY_MS, received_ms=NOON_MS + 21 * DAY_MS, event_id="0-11"
    )
    url = store(tmp_path, *days, [late], [again])
    assert last_ids(url, "ada", 4) == ["0-11", "late", "0-10", "0-9"]
    assert last_ids(url, "ada", 100) == ["0-11", "late", *[f"0-{n}" for n in range(10, -1, -1)]]
    assert last_ids(url, "nobody", 3) == []
    assert last_ids(url, "ada", 0) == []


def test_an_event_is_told_with_its_columns_and_aware_moments(tmp_path: Path) -> None:
    url = store(tmp_path, [event(1, segments=("vip",), price=2)])
    with open_warehouse(url) as warehouse:
        (row,) = warehouse.last_touchpoints("ada", 5)
    at = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(milliseconds=123)
    assert (row["occurred_at"], row["received_at"], row["date"]) == (at, at, date(2026, 1, 1))
    assert (row["channel"], row["event"], row["segments"]) == ("click", "Product Viewed", ["vip"])
    assert list(row) == [column.name for column in TOUCHPOINTS.columns]


def test_files_that_cannot_hold_what_is_wanted_are_not_read(tmp_path: Path) -> None:
    """Told by files that are gone: whoever read them would fail."""
    days = [[event(n, at_ms=NOON_MS + n * DAY_MS)] for n in range(12)]
    url = store(tmp_path, *days, [event(40, "zoe", at_ms=NOON_MS + 30 * DAY_MS)])
    with open_warehouse(url) as warehouse:
        for file in warehouse.snapshots["touchpoints"].files:
            if file.day < date(2026, 1, 4) or file.low["customer_id"] == "zoe":
                Path(file.path).unlink()
        assert len(warehouse.last_touchpoints("ada", 5)) == 5
        with pytest.raises(WarehouseUnavailable, match=r"No files found|No such file|Cannot open"):
            warehouse.last_touchpoints("ada", 12)


def break_nothing(_log: Path) -> None:
    """An orphan: a file that a killed writer had no time to commit, and half of one."""
    day = _log.parent / "date=2026-01-01"
    (whole,) = day.glob("*.parquet")
    (day / "part-orphan.zstd.parquet").write_bytes(whole.read_bytes())
    (day / "part-half.zstd.parquet").write_bytes(whole.read_bytes()[:100])
    (_log / "_commit_1.json.tmp").write_text('{"add":')


def test_files_without_a_commit_are_not_rows(tmp_path: Path) -> None:
    url = store(tmp_path, [event(1), event(2)])
    break_nothing(tmp_path / "touchpoints/_delta_log")
    assert asked(url, "select count(*) from touchpoints_rows") == [(2,)]


def cut_off(log: Path) -> None:
    os.truncate(log / "00000000000000000001.json", 60)


def emptied(log: Path) -> None:
    """As a loss of power leaves it; the Delta library takes it for a commit of nothing."""
    os.truncate(log / "00000000000000000001.json", 0)


def without_commits(log: Path) -> None:
    for commit in log.iterdir():
        commit.unlink()


def without_log(log: Path) -> None:
    without_commits(log)
    log.rmdir()


def without_first(log: Path) -> None:
    (log / "00000000000000000000.json").unlink()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut_off, r"touchpoints: _delta_log/0+1\.json, the last commit, is cut off; .*move that"),
        (emptied, r"touchpoints: _delta_log/0+1\.json, the last commit, is cut off; .*move that"),
        (without_commits, r"_delta_log holds no commit: .*move the folder away"),
        (without_log, r"expected a Delta table, got a folder without _delta_log"),
        (without_first, r"its log cannot be read: "),
    ],
)
def test_a_table_that_is_damaged_is_named_with_what_to_do(
    damage: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    url = store(tmp_path, [event(1)])
    damage(tmp_path / "touchpoints/_delta_log")
    with pytest.raises(WarehouseUnfit, match=said) as trouble:
        open_warehouse(url)
    assert "\n" not in str(trouble.value)


def test_what_is_said_of_a_cut_off_commit_helps(tmp_path: Path) -> None:
    url = store(tmp_path, [event(1)])
    cut_off(tmp_path / "touchpoints/_delta_log")
    (tmp_path / "touchpoints/_delta_log/00000000000000000001.json").rename(tmp_path / "away")
    assert DeltaAppender(url, TOUCHPOINTS, "id", 2).append([event(1)], {0: 1}) == 1
    assert asked(url, "select count(*) from touchpoints_rows") == [(1,)]


def test_a_warehouse_that_is_not_there_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(WarehouseUnavailable, match=r"none: no such folder; name the warehouse"):
        open_warehouse(str(tmp_path / "none"))
    (tmp_path / "file").write_text("x")
    with pytest.raises(WarehouseUnavailable, match="file: is not a folder"):
        open_warehouse(str(tmp_path / "file"))
    with pytest.raises(WarehouseUnavailable, match="no table there yet"):
        open_warehouse(str(tmp_path))


def test_a_table_that_is_not_made_yet_has_no_rows_when_the_other_is_there(tmp_path: Path) -> None:
    DeltaAppender(str(tmp_path), TOUCHPOINTS, "id", 1).append([event(1)], {0: 1})
    assert asked(str(tmp_path), "select count(*) from actions") == [(0,)]
    assert asked(str(tmp_path), "select count(*) from touchpoints") == [(1,)]


def test_an_object_store_is_refused_with_another_way() -> None:
    with pytest.raises(WarehouseUnfit, match=r"s3://b/x: expected a folder.*QueryBuilder"):
        open_warehouse("s3://b/x")
