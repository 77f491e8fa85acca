"""A table's upkeep: small files merged, old ones removed, the log cut short.

Guaranteed: each step is one commit or none, rows and the writers' positions stay as they are, and
writers may go on meanwhile. After a crash, what a step wrote without a commit is removed by a later
one; doing it all again changes nothing.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError

from connectors.warehouse.delta import COMPRESSION, said
from connectors.warehouse.errors import WarehouseUnavailable
from connectors.warehouse.folder import local_folder
from connectors.warehouse.snapshot import open_table, snapshot_of
from connectors.warehouse.tables import PARTITION_COLUMN, Table

TARGET_BYTES = 134_217_728
"""What a merged file is to come to. DuckDB and others read such in parallel, and few are soon
listed."""
KEEP = timedelta(days=7)
"""How long a file stays that the newest version does not need: for readers that began before."""
SAFE_KEEP = timedelta(hours=24)
"""With less, a long query may lose its files, and a writer those that it has not committed yet."""


class Merge(NamedTuple):
    """One day's files that are to be merged."""

    day: date
    files: int
    bytes: int


class Merged(NamedTuple):
    """What became of a day."""

    day: date
    before: int
    after: int


class Removed(NamedTuple):
    """Files that no version within the time to keep needs."""

    files: int
    bytes: int | None
    """None in an object store, where nobody looked."""


class Upkeep:
    """The upkeep of one table. Not thread-safe; writers and readers may be there."""

    def __init__(self, warehouse_url: str, table: Table) -> None:
        """Opens the table. Raises WarehouseUnavailable and WarehouseUnfit."""
        self.url = f"{warehouse_url.rstrip('/')}/{table.name}"
        self.table = table
        self._handle: DeltaTable = open_table(warehouse_url, table)

    def size(self) -> tuple[int, int]:
        """Files and bytes of the newest version."""
        self._handle.update_incremental()
        now = snapshot_of(self._handle, self.table, self.url)
        return len(now.files), now.bytes

    def merges(self, target_bytes: int = TARGET_BYTES) -> list[Merge]:
        """Days of which two files or more are below half of `target_bytes`, the oldest first."""
        files, size = Counter[date](), Counter[date]()
        for file in snapshot_of(self._handle, self.table, self.url).files:
            if file.bytes < target_bytes // 2:
                files[file.day] += 1
                size[file.day] += file.bytes
        return [Merge(day, files[day], size[day]) for day in sorted(files) if files[day] > 1]

    def merge(self, merges: list[Merge], target_bytes: int = TARGET_BYTES) -> Iterator[Merged]:
        """Merge day by day, a commit each; what is appended meanwhile stays for the next time.

        Hold `alone` around it. Raises WarehouseUnavailable when the table does not answer; days
        that were given out are done.
        """
        for merge in merges:
            with _troubles(self.url):
                self._handle.update_incremental()
                done = self._handle.optimize.compact(
                    partition_filters=[(PARTITION_COLUMN, "=", merge.day.isoformat())],
                    target_size=target_bytes,
                    writer_properties=COMPRESSION,
                )
            yield Merged(merge.day, done["numFilesRemoved"], done["numFilesAdded"])

    def remove(self, keep: timedelta, *, dry_run: bool) -> Removed:
        """Remove files that are older than `keep` and that no version since then needs, also such
        as a killed writer left; with `dry_run` only look. Raises WarehouseUnavailable."""
        hours = max(int(keep.total_seconds() // 3_600), 0)
        with _troubles(self.url):
            found = self._vacuum(hours, dry_run=True)
            folder = local_folder(self.url)
            size = None if folder is None else sum(_bytes(folder / name) for name in found)
            if not dry_run:
                found = self._vacuum(hours, dry_run=False)
        return Removed(len(found), size)

    def _vacuum(self, hours: int, *, dry_run: bool) -> list[str]:
        return self._handle.vacuum(
            retention_hours=hours, dry_run=dry_run, enforce_retention_duration=False, full=True
        )

    def shorten_log(self) -> None:
        """Write a checkpoint, so that the table opens fast, and remove commits that are older than
        the table keeps them (30 days). Raises WarehouseUnavailable."""
        with _troubles(self.url):
            self._handle.update_incremental()
            self._handle.create_checkpoint()
            self._handle.cleanup_metadata()


@contextmanager
def _troubles(url: str) -> Iterator[None]:
    """The Delta library's errors as WarehouseUnavailable."""
    try:
        yield
    except CommitFailedError as conflict:
        raise WarehouseUnavailable(
            f"{url}: another one changed the same files meanwhile; run it again: {said(conflict)}"
        ) from conflict
    except (DeltaError, OSError) as trouble:
        raise WarehouseUnavailable(f"{url}: {said(trouble)}") from trouble


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # another one removed it
