"""The warehouse as a DuckDB connection that can only read it.

Guaranteed: a query sees each table as of one commit, the last one when the warehouse was opened,
however much is written meanwhile. Nothing is ever written, so a crash repeats nothing.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Any

import duckdb

from connectors.warehouse.engine import connect
from connectors.warehouse.errors import WarehouseUnavailable, WarehouseUnfit
from connectors.warehouse.folder import local_folder
from connectors.warehouse.latest import last_touchpoints
from connectors.warehouse.reading import gone, no_rows_sql, quoted, rows_sql, words
from connectors.warehouse.snapshot import Snapshot, snapshots
from connectors.warehouse.tables import TOUCHPOINTS
from connectors.warehouse.views import STORED, VIEWS


class Warehouse:
    """The tables and views of one warehouse, as of when it was opened. Not thread-safe."""

    def __init__(
        self, url: str, found: dict[str, Snapshot], connection: duckdb.DuckDBPyConnection
    ) -> None:
        """`open_warehouse` makes it."""
        self.url = url
        self.snapshots = found
        self.connection = connection

    def last_touchpoints(self, customer_id: str, limit: int) -> list[dict[str, Any]]:
        """The customer's `limit` last events by occurred_at, the newest first, each id once.

        Each is a dict of the table's columns; moments are aware datetimes in UTC, `profile` and
        `original` JSON text. Reads files as late as need be, and of these only such as may hold
        the customer. Raises WarehouseUnavailable when a file went while it was read.
        """
        files = self.snapshots[TOUCHPOINTS.name].files
        return last_touchpoints(self.connection, files, customer_id, limit)

    def close(self) -> None:
        """Let go of files and memory."""
        self.connection.close()

    def __enter__(self) -> "Warehouse":
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()


def open_warehouse(url: str, writable: Sequence[str] = ()) -> Warehouse:
    """The warehouse at `url`, to be read; closed by whoever opens it.

    `writable`: files elsewhere that DuckDB may write, such as a result's. Raises
    WarehouseUnavailable (no folder or table there, or it does not answer) and WarehouseUnfit (what
    is there is no such table, or is damaged); each says in a sentence what to do.
    """
    if local_folder(url) is None:
        raise WarehouseUnfit(
            f"{url}: expected a folder, got an object store's address, which DuckDB reads only "
            "with an extension that it would download; copy the tables to a folder, or ask them "
            "with deltalake's QueryBuilder"
        )
    found = snapshots(url)
    connection = connect()
    try:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"create schema {STORED}")
        # Over nothing first: making a view looks at its files, and these ten would do so often.
        for name, table in found.items():
            connection.execute(f"create view {STORED}.{name} as {no_rows_sql(table.table)}")
        for view in VIEWS:
            connection.execute(f"create view {view.name} as {view.sql}")
        for name, table in found.items():
            connection.execute(f"create or replace view {STORED}.{name} as {rows_sql(table)}")
        _lock(connection, url, writable)
    except duckdb.IOException as trouble:
        connection.close()
        raise gone(url, trouble) from trouble
    except duckdb.Error as trouble:
        connection.close()
        raise WarehouseUnavailable(f"{url}: {words(trouble)}") from trouble
    return Warehouse(url, found, connection)


def _lock(connection: duckdb.DuckDBPyConnection, url: str, writable: Sequence[str]) -> None:
    """Nothing but the warehouse's folder from here on, and no way back."""
    folder = local_folder(url)
    if folder is not None:
        connection.execute(f"set allowed_directories = [{quoted(str(folder.absolute()) + '/')}]")
    connection.execute(f"set allowed_paths = [{', '.join(quoted(path) for path in writable)}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
