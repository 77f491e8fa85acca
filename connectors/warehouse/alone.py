"""One at a time may take rows or files out of a table; appending may go on.

The Delta library (1.6) does not refuse a merge of files that another merge, or a deletion, has
taken out since the table was opened: their rows would be there twice, or again. So whoever does one
of these holds this lock, opens the table after that, and lets go when it is committed.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.warehouse.errors import WarehouseUnavailable
from connectors.warehouse.folder import local_folder
from connectors.warehouse.tables import Table

LOCK = "_alone.lock"
"""In the table's folder; Delta leaves alone what begins with an underscore."""


@contextmanager
def alone(warehouse_url: str, table: Table) -> Iterator[None]:
    """Hold the table's lock; a killed holder has let go of it.

    Raises WarehouseUnavailable when another one holds it, or it cannot be made. An object store
    has no such lock: there it is up to the caller that there is one only.
    """
    root = local_folder(warehouse_url)
    folder = None if root is None else root / table.name
    if folder is None or not folder.is_dir():
        yield
        return
    try:
        file = (folder / LOCK).open("w")
    except OSError as trouble:
        raise WarehouseUnavailable(
            f"{folder / LOCK}: cannot be made: {trouble.strerror}"
        ) from trouble
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WarehouseUnavailable(
                f"{folder}: another one merges or removes rows there; wait until it is done"
            ) from None
        except OSError as trouble:
            raise WarehouseUnavailable(
                f"{folder / LOCK}: cannot be locked: {trouble.strerror}"
            ) from trouble
        yield
