"""A query's answer in batches, with values that every format can show.

Guaranteed: all batches are of one commit of each table. Never more than a batch is held here,
however long the answer is; after a crash nothing is left behind.
"""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import duckdb

from connectors.warehouse.ask import Warehouse
from connectors.warehouse.reading import gone, quoted
from connectors.warehouse.readonly import Reading, read_only
from connectors.warehouse.sql_errors import QueryRefused, refusal

BATCH_ROWS = 2_048
"""As many as DuckDB works on at once."""

Shape = Literal["number", "flag", "text", "json"]
"""json: one JSON value as text."""


class AnswerColumn(NamedTuple):
    """One column of an answer."""

    name: str
    type: str
    """DuckDB's."""
    shape: Shape


class Answer(NamedTuple):
    """Columns now, rows as they are asked for."""

    columns: tuple[AnswerColumn, ...]
    batches: Iterator[list[tuple[Any, ...]]]
    """Moments are RFC 3339 text in UTC with milliseconds. Raises WarehouseUnavailable when a file
    went meanwhile, and QueryRefused for a value that cannot be computed."""
    is_plan: bool
    """EXPLAIN's: (kind of plan, the plan as lines)."""


def answer(warehouse: Warehouse, sql: str) -> Answer:
    """What `sql` says, its first batch found.

    Raises QueryRefused for what is not answered, and WarehouseUnavailable when a file of the tables
    is not there any more: open the warehouse anew.
    """
    connection = warehouse.connection
    try:
        reading = read_only(connection, sql)
        columns, shown = _columns(connection, reading)
        cursor = connection.execute(shown)
        first = cursor.fetchmany(BATCH_ROWS)
    except duckdb.IOException as trouble:
        raise gone(warehouse.url, trouble) from None
    except duckdb.Error as error:
        raise refusal(error, first_line=2) from None
    return Answer(columns, _batches(warehouse, cursor, first), reading.explains)


def write_parquet(warehouse: Warehouse, sql: str, path: str) -> int:
    """Write what `sql` says to `path`, which must be among the warehouse's writable; return rows.

    Raises as `answer` does.
    """
    try:
        reading = read_only(warehouse.connection, sql)
        if reading.explains:
            raise QueryRefused("a plan is text: EXPLAIN has no answer as parquet")
        how = "format parquet, compression zstd, use_tmp_file false"
        written = warehouse.connection.execute(
            f"copy (\n{reading.sql}\n) to {quoted(path)} ({how})"
        ).fetchall()
    except duckdb.IOException as trouble:
        raise gone(warehouse.url, trouble) from None
    except duckdb.Error as error:
        raise refusal(error, first_line=2) from None
    return int(written[0][0])


def _batches(
    warehouse: Warehouse, cursor: duckdb.DuckDBPyConnection, batch: list[tuple[Any, ...]]
) -> Iterator[list[tuple[Any, ...]]]:
    try:
        while batch:
            yield batch
            batch = cursor.fetchmany(BATCH_ROWS)
    except duckdb.IOException as trouble:
        raise gone(warehouse.url, trouble) from None
    except duckdb.Error as error:
        raise refusal(error, first_line=2) from None


def _columns(
    connection: duckdb.DuckDBPyConnection, reading: Reading
) -> tuple[tuple[AnswerColumn, ...], str]:
    """The answer's columns, and the query that brings their values as `Answer` says."""
    inner = f"(\n{reading.sql}\n)"
    if reading.explains:
        return tuple(AnswerColumn(n, "VARCHAR", "text") for n in ("plan", "text")), reading.sql
    nothing = f"select * from {inner} limit 0"  # noqa: S608 - vetted as one that reads
    described = connection.execute(nothing).description or []
    columns, values = [], []
    for number, (name, kind, *_) in enumerate(described):
        shape, value = _shown(str(kind), f"c{number}")
        columns.append(AnswerColumn(name, str(kind), shape))
        values.append(value)
    names = ", ".join(f"c{number}" for number in range(len(columns)))
    return tuple(columns), f"select {', '.join(values)} from {inner} as answer({names})"  # noqa: S608 - vetted as one that reads


_NUMBERS = {
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE"),
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
}


def _shown(kind: str, value: str) -> tuple[Shape, str]:
    """What a value of DuckDB type `kind` is, and SQL that brings it so."""
    if kind in _NUMBERS:
        return "number", value
    if kind.startswith("DECIMAL") and not kind.endswith("]"):
        return "number", f"{value}::double"
    if kind == "BOOLEAN":
        return "flag", value
    if kind == "VARCHAR":
        return "text", value
    if kind == "TIMESTAMP WITH TIME ZONE":
        return "text", f"strftime({value} at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ')"
    if kind.startswith("TIMESTAMP") and not kind.endswith("]"):
        return "text", f"strftime({value}, '%Y-%m-%dT%H:%M:%S.%g')"
    if kind == "JSON":
        return "json", f"{value}::varchar"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return "json", f"to_json({value})::varchar"
    return "text", f"{value}::varchar"
