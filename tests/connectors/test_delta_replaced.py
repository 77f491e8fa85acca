"""What the Delta appender does when its table is away, another one, older, or of another kind."""

import shutil
from pathlib import Path

import pytest
from deltalake import DeltaTable, Field, Schema
from deltalake.schema import PrimitiveType

from connectors.warehouse.delta import DeltaAppender
from connectors.warehouse.errors import WarehouseUnavailable, WarehouseUnfit
from connectors.warehouse.tables import TOUCHPOINTS
from tests.connectors.delta_rows import ids, numbered, rows


@pytest.fixture
def appender(tmp_path: Path) -> DeltaAppender:
    return DeltaAppender(str(tmp_path), TOUCHPOINTS, "first/id==", 2)


def test_a_table_that_vanishes_is_waited_for_and_not_made_anew(
    appender: DeltaAppender, tmp_path: Path
) -> None:
    """A new one would lack the rows before it, and nobody would know."""
    appender.append(rows(2), {0: 2})
    table, elsewhere = tmp_path / "touchpoints", tmp_path / "elsewhere"
    table.rename(elsewhere)
    for _ in range(3):
        with pytest.raises(WarehouseUnavailable):
            appender.append(rows(4), {0: 4})
    assert not DeltaTable.is_deltatable(str(table))
    shutil.rmtree(table, ignore_errors=True)
    elsewhere.rename(table)
    assert appender.append(rows(4), {0: 4}) == 2
    assert ids(tmp_path) == numbered(4)


@pytest.mark.parametrize("versions", [1, 2, 3, 4])
def test_a_table_that_was_made_while_the_volume_was_away_is_not_taken_for_the_one_that_comes_back(
    tmp_path: Path, versions: int
) -> None:
    """What went into the one that is gone again must not count as written, at whatever version."""
    table, elsewhere = tmp_path / "touchpoints", tmp_path / "elsewhere"
    before = DeltaAppender(str(tmp_path), TOUCHPOINTS, "first/id==", 2)
    for count in (1, 2, 3):
        before.append(rows(count), {0: count})
    table.rename(elsewhere)
    started = DeltaAppender(str(tmp_path), TOUCHPOINTS, "first/id==", 2)
    started.positions()
    for count in range(10, 10 + versions):
        started.append(rows(count), {0: count})
    shutil.rmtree(table)
    elsewhere.rename(table)
    with pytest.raises(WarehouseUnfit, match="the table was replaced"):
        started.append(rows(20), {0: 20})
    assert ids(tmp_path) == numbered(3)
    again = DeltaAppender(str(tmp_path), TOUCHPOINTS, "first/id==", 2)
    assert again.append(rows(20), {0: 20}) == 17
    assert ids(tmp_path) == numbered(20)


def test_a_table_that_was_removed_and_made_anew_is_not_taken_for_the_one_that_was_there(
    tmp_path: Path,
) -> None:
    """Its folders may have the same numbers in the file system, and its log as many commits."""
    appender = DeltaAppender(str(tmp_path), TOUCHPOINTS, "first/id==", 2)
    for count in (1, 2, 5):
        appender.append(rows(count), {0: count})
    shutil.rmtree(tmp_path / "touchpoints")
    other = DeltaAppender(str(tmp_path), TOUCHPOINTS, "first/id==", 2)
    other.positions()
    for count in (1, 2, 3):
        other.append(rows(count), {0: count})
    with pytest.raises(WarehouseUnfit, match="the table was replaced"):
        appender.append(rows(7), {0: 7})
    assert other.append(rows(7), {0: 7}) == 4
    assert ids(tmp_path) == numbered(7)


def test_a_table_that_went_back_in_time_stops_the_writer_before_it_writes(
    appender: DeltaAppender, tmp_path: Path
) -> None:
    appender.append(rows(2), {0: 2})
    appender.append(rows(4), {0: 4})
    (tmp_path / "touchpoints" / "_delta_log" / f"{2:020}.json").unlink()
    with pytest.raises(WarehouseUnfit, match=r"expected first/id==/0 to be at .*older version"):
        appender.append(rows(6), {0: 6})
    assert DeltaTable(str(tmp_path / "touchpoints")).version() == 1


def test_a_table_with_other_columns_is_refused_by_name(tmp_path: Path) -> None:
    DeltaTable.create(str(tmp_path / "touchpoints"), Schema([Field("id", PrimitiveType("long"))]))
    appender = DeltaAppender(str(tmp_path), TOUCHPOINTS, "id", 1)
    with pytest.raises(WarehouseUnfit, match=r"column date: expected .*date.*, got no such column"):
        appender.append(rows(1), {})
