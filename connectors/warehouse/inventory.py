"""What a warehouse holds: its tables' sizes, and all that can be asked, with its meaning."""

from msgspec import Struct

from connectors.warehouse.ask import Warehouse
from connectors.warehouse.snapshot import NO_VERSION, last_commit_ms, open_table
from connectors.warehouse.tables import TABLES
from connectors.warehouse.views import VIEWS
from state.times import rfc3339


class Size(Struct, frozen=True):
    """One Delta table as of now."""

    name: str
    version: int
    """-1: not made yet."""
    rows: int
    files: int
    bytes: int
    """Compressed, without what no version needs any more."""
    last_commit_at: str | None
    """RFC 3339, by the clock of who made it."""


class Meaning(Struct, frozen=True):
    """One column, its DuckDB type and what it means."""

    name: str
    type: str
    doc: str


class Asked(Struct, frozen=True):
    """A table or view that SQL may name."""

    name: str
    doc: str
    columns: tuple[Meaning, ...]


class Inventory(Struct, frozen=True):
    """All of it."""

    url: str
    tables: tuple[Size, ...]
    views: tuple[Asked, ...]


def inventory(warehouse: Warehouse) -> Inventory:
    """What is there. Raises WarehouseUnavailable and WarehouseUnfit, should it go meanwhile."""
    sizes = []
    for table in TABLES:
        found = warehouse.snapshots[table.name]
        last = None
        if found.version != NO_VERSION:
            last = last_commit_ms(open_table(warehouse.url, table))
        at = None if last is None else rfc3339(last)
        sizes.append(Size(table.name, found.version, found.rows, len(found.files), found.bytes, at))
    views = []
    for view in VIEWS:
        described = warehouse.connection.execute(f"describe {view.name}").fetchall()
        types = {name: kind for name, kind, *_ in described}
        columns = tuple(Meaning(c.name, types[c.name], c.doc) for c in view.columns)
        views.append(Asked(view.name, view.doc, columns))
    return Inventory(warehouse.url, tuple(sizes), tuple(views))
