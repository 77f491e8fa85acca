"""A table's files as SQL for DuckDB: which, with which columns, the day from their folders."""

from collections.abc import Sequence

from connectors.warehouse.snapshot import Snapshot
from connectors.warehouse.tables import Kind

DUCKDB_TYPES: dict[Kind, str] = {
    "day": "DATE",
    "moment": "TIMESTAMP WITH TIME ZONE",
    "number": "BIGINT",
    "text": "VARCHAR",
    "texts": "VARCHAR[]",
    "json": "VARCHAR",
}

FILE_PLACE = ("file_index", "file_row_number")
"""Names a row of a snapshot: DuckDB's number of the file in the list, and of the row in it."""


def quoted(text: str) -> str:
    """`text` as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def files_sql(paths: Sequence[str]) -> str:
    """A table function that reads `paths`, at least one, with the day that their folders name."""
    listed = ", ".join(quoted(path) for path in paths)
    return (
        f"read_parquet([{listed}], hive_partitioning = true, hive_types = {{'date': DATE}}, "
        "union_by_name = true)"
    )


def rows_sql(table: Snapshot) -> str:
    """All rows of a snapshot: the table's columns in their order, and FILE_PLACE."""
    names = ", ".join([*(f'"{column.name}"' for column in table.table.columns), *FILE_PLACE])
    if table.files:
        files = files_sql([file.path for file in table.files])
        return f"select {names} from {files}"  # noqa: S608 - no text of a user's
    types = [DUCKDB_TYPES[column.kind] for column in table.table.columns] + ["BIGINT"] * 2
    nothing = ", ".join(f"null::{kind}" for kind in types)
    return f"select * from (select {nothing} where false) as nothing({names})"  # noqa: S608 - no text of a user's


def words(error: BaseException) -> str:
    """What DuckDB says, on one line."""
    return " ".join(str(error).split())
