"""What a Delta table holds at one moment: its version and its data files, with what they span.

The list is of one commit, so a reader sees a table as it was then, while others write. Files that
no commit names, such as a killed writer leaves, are not in it.
"""

from datetime import date
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from connectors.warehouse.delta import DELTA_TYPES, PATIENCE, said
from connectors.warehouse.errors import WarehouseUnavailable, WarehouseUnfit
from connectors.warehouse.folder import local_folder
from connectors.warehouse.tables import TABLES, Table

NO_VERSION = -1
"""Of a table that is not there yet."""


class TableAbsent(WarehouseUnavailable):
    """There is no table there yet."""


class DataFile(NamedTuple):
    """One file of a table; what a commit did not note of it is None."""

    path: str
    """Where it lies: the path of a file, or an object store's address."""
    day: date
    bytes: int
    rows: int | None
    low: dict[str, Any]
    """Column → a value that none of the file is below."""
    high: dict[str, Any]


class Snapshot(NamedTuple):
    """A table at one version."""

    table: Table
    url: str
    version: int
    files: tuple[DataFile, ...]
    """By day, the oldest first."""

    @property
    def rows(self) -> int:
        """All rows; a file of which the number is not known counts as none."""
        return sum(file.rows or 0 for file in self.files)

    @property
    def bytes(self) -> int:
        """What the files take, compressed."""
        return sum(file.bytes for file in self.files)


def open_table(warehouse_url: str, table: Table) -> DeltaTable:
    """The table as it is now; nothing is made.

    Raises WarehouseUnavailable when there is none, or it cannot be read now, and WarehouseUnfit
    when what is there is no such table or is damaged: each says what to do.
    """
    url = f"{warehouse_url.rstrip('/')}/{table.name}"
    _look_for_damage(warehouse_url, table, url)
    try:
        handle = DeltaTable(url, storage_options=PATIENCE)
        types = {field.name: field.type for field in handle.schema().fields}
    except TableNotFoundError:
        raise TableAbsent(
            f"{url}: no table there yet; the warehouse flow makes it when it starts "
            "(`touchline run warehouse`)"
        ) from None
    except DeltaError as damaged:
        raise WarehouseUnfit(f"{url}: its log cannot be read: {said(damaged)}") from damaged
    except OSError as trouble:
        raise WarehouseUnavailable(f"{url}: {said(trouble)}") from trouble
    for column in table.columns:
        if types.get(column.name) != DELTA_TYPES[column.kind]:
            raise WarehouseUnfit(
                f"{url}: column {column.name}: expected {DELTA_TYPES[column.kind]}, got "
                f"{types.get(column.name, 'no such column')}; name another warehouse"
            )
    return handle


def snapshot(warehouse_url: str, table: Table) -> Snapshot:
    """The table's files as of now. Raises as `open_table` does."""
    handle = open_table(warehouse_url, table)
    return snapshot_of(handle, table, f"{warehouse_url.rstrip('/')}/{table.name}")


def snapshot_of(handle: DeltaTable, table: Table, url: str) -> Snapshot:
    """The files of a table that is open."""
    listed = handle.get_add_actions(flatten=True)
    actions: dict[str, list[Any]] = {
        name: list(listed.column(name).to_pylist()) for name in listed.column_names
    }
    folder = local_folder(url)
    base = url if folder is None else str(folder.absolute())
    bounds = {
        side: {
            name.removeprefix(f"{side}."): values
            for name, values in actions.items()
            if name.startswith(f"{side}.")
        }
        for side in ("min", "max")
    }
    files = [
        DataFile(
            path=f"{base}/{unquote(path)}",
            day=actions["partition.date"][n],
            bytes=actions["size_bytes"][n],
            rows=actions["num_records"][n] if "num_records" in actions else None,
            low={name: values[n] for name, values in bounds["min"].items()},
            high={name: values[n] for name, values in bounds["max"].items()},
        )
        for n, path in enumerate(actions["path"])
    ]
    return Snapshot(
        table, url, handle.version(), tuple(sorted(files, key=lambda f: (f.day, f.path)))
    )


def snapshots(warehouse_url: str) -> dict[str, Snapshot]:
    """Name → snapshot of every table; one that is not there yet, while another is, has no files.

    Raises as `open_table` does.
    """
    found: dict[str, Snapshot] = {}
    absent = None
    for table in TABLES:
        try:
            found[table.name] = snapshot(warehouse_url, table)
        except TableAbsent as missing:
            url = f"{warehouse_url.rstrip('/')}/{table.name}"
            found[table.name], absent = Snapshot(table, url, NO_VERSION, ()), missing
    if absent and all(one.version == NO_VERSION for one in found.values()):
        raise absent
    return found


def last_commit_ms(handle: DeltaTable) -> int | None:
    """When the last commit was made, in ms since the epoch by its writer's clock, if it says so."""
    newest = handle.history(1)
    ms: int | None = newest[0].get("timestamp") if newest else None
    return ms


def _look_for_damage(warehouse_url: str, table: Table, url: str) -> None:
    """What the Delta library takes for an empty table, or says in words that help nobody."""
    root = local_folder(warehouse_url)
    if root is None:
        return
    folder = root / table.name
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "no such folder"
        raise WarehouseUnavailable(
            f"{warehouse_url}: {what}; name the warehouse with --url or TOUCHLINE_WAREHOUSE_URL, "
            "or start the warehouse flow, which makes it"
        )
    if not folder.exists():
        return
    log = folder / "_delta_log"
    if not log.is_dir():
        raise WarehouseUnfit(
            f"{url}: expected a Delta table, got a folder without _delta_log; name another "
            "warehouse, or move the folder away and start the warehouse flow, which makes a new one"
        )
    commits = sorted(log.glob("[0-9]*.json"))
    if not commits and not any(log.glob("*.checkpoint*.parquet")):
        raise WarehouseUnfit(
            f"{url}: _delta_log holds no commit: the writer was stopped while it made the table; "
            "move the folder away and start the warehouse flow, which makes a new one"
        )
    if commits and not _whole(commits[-1]):
        raise WarehouseUnfit(
            f"{url}: _delta_log/{commits[-1].name}, the last commit, is cut off; stop the "
            "warehouse flow, move that file away and start it again: it reads what is missing from "
            "Kafka"
        )


def _whole(commit: Path) -> bool:
    """Whether each line of a commit is an object, and there is one."""
    try:
        lines = commit.read_bytes().split(b"\n")
        told = [msgspec.json.decode(line, type=dict) for line in lines if line.strip()]
    except msgspec.DecodeError:
        return False
    except OSError:
        return True  # not ours to read: the Delta library says so
    return bool(told)
