"""The last events of one customer, from as few files as it takes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from connectors.warehouse.reading import files_sql, gone
from connectors.warehouse.snapshot import DataFile
from connectors.warehouse.tables import TOUCHPOINTS
from state.times import EPOCH

_FOR_EVER = datetime.max.replace(tzinfo=UTC)
FIRST_FILES = 8
"""Read at once to begin with; twice as many each time that it did not suffice."""


def last_touchpoints(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[DataFile],
    customer_id: str,
    limit: int,
) -> list[dict[str, Any]]:
    """See `Warehouse.last_touchpoints`.

    A commit notes the highest occurred_at of a file: with the newest files first, what has been
    found suffices when none of the files that are left reaches up to the last of it.
    """
    left = sorted((f for f in files if _may_hold(f, customer_id)), key=_reaches)
    found: dict[str, dict[str, Any]] = {}
    at_once = FIRST_FILES
    while left and limit > 0:
        now, left = left[-at_once:], left[:-at_once]
        at_once *= 2
        for row in _rows(connection, [file.path for file in now], customer_id):
            held = found.get(row["id"])
            if held is None or _rank(row) < _rank(held):
                found[row["id"]] = row
        newest = _newest(found, limit)
        if left and len(newest) == limit and newest[-1]["occurred_at"] > _reaches(left[-1]):
            break
    return _newest(found, limit)


def _newest(found: dict[str, dict[str, Any]], limit: int) -> list[dict[str, Any]]:
    rows = sorted(found.values(), key=lambda row: (row["occurred_at"], _place(row)), reverse=True)
    return rows[:limit]


def _place(row: dict[str, Any]) -> tuple[int, int, int]:
    return row["generation"], row["commit"], row["index"]


def _rank(row: dict[str, Any]) -> tuple[int, int, int]:
    """Of rows with the same id the lowest is shown, as by the view: the first after a rebuild."""
    return -row["generation"], row["commit"], row["index"]


def _may_hold(file: DataFile, customer_id: str) -> bool:
    low, high = file.low.get("customer_id"), file.high.get("customer_id")
    # Compared as Delta orders text: by its bytes in UTF-8.
    wanted = customer_id.encode()
    return (low is None or low.encode() <= wanted) and (high is None or wanted <= high.encode())


def _reaches(file: DataFile) -> datetime:
    high: datetime | None = file.high.get("occurred_at")
    return _FOR_EVER if high is None else high


def _rows(
    connection: duckdb.DuckDBPyConnection, paths: Sequence[str], customer_id: str
) -> list[dict[str, Any]]:
    moments = {column.name for column in TOUCHPOINTS.columns if column.kind == "moment"}
    names = [column.name for column in TOUCHPOINTS.columns]
    columns = ", ".join(f'epoch_us("{n}")' if n in moments else f'"{n}"' for n in names)
    try:
        answer = connection.execute(
            f"select {columns} from {files_sql(paths)} where customer_id = ?",  # noqa: S608 - no text of a user's
            [customer_id],
        ).fetchall()
    except duckdb.Error as trouble:
        raise gone(paths[0], trouble) from trouble
    return [
        {
            name: EPOCH + timedelta(microseconds=value) if name in moments else value
            for name, value in zip(names, values, strict=True)
        }
        for values in answer
    ]
