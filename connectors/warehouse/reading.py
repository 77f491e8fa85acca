"""A table's files as SQL for DuckDB: which, with which columns, the day from their folders."""

from collections.abc import Sequence

import duckdb

from connectors.warehouse.errors import WarehouseUnavailable
from connectors.warehouse.snapshot import Snapshot
from connectors.warehouse.tables import Kind, Table

DUCKDB_TYPES: dict[Kind, str] = {
    "day": "DATE",
    "moment": "TIMESTAMP WITH TIME ZONE",
    "number": "BIGINT",
    "text": "VARCHAR",
    "texts": "VARCHAR[]",
    "json": "VARCHAR",
}

FILE_PLACE = ("filename", "file_row_number")
"""Names a row of a snapshot. DuckDB's `file_index` would not: it counts the files that are left
when a condition on the day has ruled out others."""


def quoted(text: str) -> str:
    """`text` as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def files_sql(paths: Sequence[str]) -> str:
    """A table function that reads `paths`, at least one, with the day that their folders name.

    All have the same columns, so only the first one is opened before a query runs: to look into
    2,000 took 3 s each time.
    """
    listed = ", ".join(quoted(path) for path in paths)
    return f"read_parquet([{listed}], hive_partitioning = true, hive_types = {{'date': DATE}})"


def rows_sql(snapshot: Snapshot) -> str:
    """All rows of a snapshot: the table's columns in their order, and FILE_PLACE."""
    if not snapshot.files:
        return no_rows_sql(snapshot.table)
    files = files_sql([file.path for file in snapshot.files])
    return f"select {_names(snapshot.table)} from {files}"  # noqa: S608 - no text of a user's


def no_rows_sql(table: Table) -> str:
    """Nothing, with the same columns."""
    types = [DUCKDB_TYPES[column.kind] for column in table.columns] + ["VARCHAR", "BIGINT"]
    nothing = ", ".join(f"null::{kind}" for kind in types)
    return f"select * from (select {nothing} where false) as nothing({_names(table)})"  # noqa: S608 - no text of a user's


def _names(table: Table) -> str:
    return ", ".join([*(f'"{column.name}"' for column in table.columns), *FILE_PLACE])


def words(error: BaseException) -> str:
    """What DuckDB says, on one line."""
    return " ".join(str(error).split())


def gone(url: str, error: duckdb.Error) -> WarehouseUnavailable:
    """A file that the table names could not be read."""
    said = words(ValueError(str(error).split("\n\nLINE ")[0]))
    return WarehouseUnavailable(
        f"{url}: a file could not be read; if old ones were being removed meanwhile "
        f"(`touchline warehouse maintain`), run it again; else it is lost: {said[:300]}"
    )
