"""Rows into a Delta table, together with how far its topic has been read.

Guaranteed: rows and positions become visible in one commit or not at all, and a row whose place is
not above what the table already holds of its partition is not added again. After a crash, or when
an answer was lost, the same rows may be given again: what is there stays there once.

Positions are the table's transaction ids (`txn` actions of the Delta protocol), two for each
partition: `<topic id>/<partition>` with the next offset, and `<topic id>/<partition>/applied` with
the watermark of the highest place taken (`state.applied`). A topic that was made again has another
id, so its offsets start anew and the table goes on.
"""

import logging
import re
from array import array
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from arro3.core import Array, DataType, RecordBatch, list_array
from deltalake import (
    CommitProperties,
    DeltaTable,
    Field,
    Schema,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import (
    CommitFailedError,
    DeltaError,
    DeltaProtocolError,
    SchemaMismatchError,
    TableNotFoundError,
)
from deltalake.schema import ArrayType, PrimitiveType

from connectors.warehouse.errors import WarehouseUnavailable, WarehouseUnfit
from connectors.warehouse.folder import identity
from connectors.warehouse.tables import PARTITION_COLUMN, Kind, Row, Table

log = logging.getLogger("touchline.warehouse")

RIVALRY = 5
"""Commits of ours that may be refused in a row before the table counts as unavailable."""

DELTA_TYPES: dict[Kind, PrimitiveType | ArrayType] = {
    "day": PrimitiveType("date"),
    "moment": PrimitiveType("timestamp"),
    "number": PrimitiveType("long"),
    "text": PrimitiveType("string"),
    "texts": ArrayType(PrimitiveType("string"), contains_null=False),
    "json": PrimitiveType("string"),
}

PATIENCE = {"timeout": "10s", "connect_timeout": "5s", "retry_timeout": "10s", "max_retries": "2"}
"""Of one request to an object store, and of all its retries. Who calls tries again; the library's
own 180 s would hold up a stop for so long. A folder knows no such options and ignores them."""

COMPRESSION = WriterProperties(compression="ZSTD", compression_level=1)


class Position(NamedTuple):
    """How far one partition of a topic is in the table."""

    offset: int
    """The next offset to read; 0: none is known."""
    mark: int
    """Watermark of the highest place taken; -1: none."""


class DeltaAppender:
    """Appends to one table; one topic with one id. Not thread-safe; other writers may be there."""

    def __init__(self, warehouse_url: str, table: Table, topic_id: str, partitions: int) -> None:
        """Nothing is opened before `positions` or `append` is called."""
        self.url = f"{warehouse_url.rstrip('/')}/{table.name}"
        self.table = table
        self._apps = [f"{topic_id}/{partition}" for partition in range(partitions)]
        self._handle: DeltaTable | None = None
        self._newest: tuple[int, int, int] | None = None
        """Which file the handle's last commit is, where it lies on this machine."""
        self._positions: dict[int, Position] | None = None

    def positions(self) -> dict[int, Position]:
        """Partition → position; makes the table when it is missing.

        Raises WarehouseUnavailable and WarehouseUnfit.
        """
        self._open()
        return dict(self._positions or {})

    def append(self, rows: Sequence[Row], offsets: Mapping[int, int]) -> int:
        """Add those of `rows` that the table has not, in one commit; return how many were added.

        `rows` of a partition are in the order of their marks. `offsets`: partition → next offset,
        kept with the rows; without a row to add there is no commit. Safe to call again with the
        same arguments after WarehouseUnavailable. Raises WarehouseUnavailable and WarehouseUnfit.
        """
        refusal = ""
        for _ in range(RIVALRY):
            handle, held = self._open()
            new = [row for row in rows if row.mark > held[row.place.partition].mark]
            if not new:
                return 0
            after, version = self._after(held, new, offsets), handle.version()
            try:
                # On the handle whose transactions were just compared: Delta then refuses a commit
                # if another one has touched the same transaction ids since. It does not refuse a
                # version that is lower or the same.
                write_deltalake(
                    handle,
                    record_batch(self.table, new),
                    mode="append",
                    writer_properties=COMPRESSION,
                    commit_properties=self._properties(held, after),
                )
            except CommitFailedError as conflict:
                self._handle, refusal = None, said(conflict)
                log.warning("%s: perhaps another writer came first: %s", self.url, refusal)
            except (SchemaMismatchError, DeltaProtocolError) as unfit:
                raise WarehouseUnfit(f"{self.url}: {said(unfit)}") from unfit
            except (DeltaError, OSError) as trouble:
                self._handle = None  # it may have been written all the same: so look again
                raise WarehouseUnavailable(f"{self.url}: {said(trouble)}") from trouble
            else:
                if handle.version() == version + 1:
                    self._positions, self._newest = after, self._last_commit(handle)
                else:
                    # Put behind what another writer did to other partitions: the handle has that
                    # now and `after` has not, so the two no longer go together.
                    self._handle = None
                return len(new)
        raise WarehouseUnavailable(f"{self.url}: refused {RIVALRY} times: {refusal}")

    def _after(
        self, held: Mapping[int, Position], new: Sequence[Row], offsets: Mapping[int, int]
    ) -> dict[int, Position]:
        """`held`, and `new` and `offsets` on top; neither number of a position ever falls."""
        marks = {row.place.partition: row.mark for row in new}
        return {
            partition: Position(
                max(position.offset, offsets.get(partition, 0)), marks.get(partition, position.mark)
            )
            for partition, position in held.items()
        }

    def _properties(
        self, held: Mapping[int, Position], after: Mapping[int, Position]
    ) -> CommitProperties:
        transactions = []
        for partition, position in after.items():
            if position != held[partition]:
                app = self._apps[partition]
                transactions.append(Transaction(app, position.offset))
                transactions.append(Transaction(f"{app}/applied", position.mark))
        return CommitProperties(app_transactions=transactions)

    def _open(self) -> tuple[DeltaTable, dict[int, Position]]:
        """The table as it was opened or last written by us, and its positions."""
        known = self._handle
        if known is None or self._positions is None or self._last_commit(known) != self._newest:
            # Another table may have been put in its place, as when a volume is mounted over the one
            # that was made while it was away. At the same version Delta would take it for the same.
            self._handle = None
            try:
                handle = self._load()
                found = {n: self._position(handle, app) for n, app in enumerate(self._apps)}
            except DeltaProtocolError as unfit:
                raise WarehouseUnfit(f"{self.url}: {said(unfit)}") from unfit
            except (DeltaError, OSError) as trouble:
                raise WarehouseUnavailable(f"{self.url}: {said(trouble)}") from trouble
            self._check(handle, found)
            self._handle, self._positions = handle, found
            self._newest = self._last_commit(handle)
            return handle, found
        return known, self._positions

    def _last_commit(self, handle: DeltaTable) -> tuple[int, int, int] | None:
        """Which file holds the last one that `handle` knows."""
        return identity(f"{self.url}/_delta_log/{handle.version():020}.json")

    def _load(self) -> DeltaTable:
        try:
            return DeltaTable(self.url, storage_options=PATIENCE)
        except TableNotFoundError:
            if self._positions is not None:
                # It was there. A new, empty one would lack what was read before and let go.
                raise
        DeltaTable.create(
            self.url,
            schema=delta_schema(self.table),
            mode="ignore",
            partition_by=[PARTITION_COLUMN],
            name=self.table.name,
            description=self.table.doc,
            configuration={"delta.dataSkippingStatsColumns": ",".join(_skippable(self.table))},
            storage_options=PATIENCE,
        )
        log.info("%s: made", self.url)
        return DeltaTable(self.url, storage_options=PATIENCE)

    def _position(self, handle: DeltaTable, app: str) -> Position:
        offset, mark = handle.transaction_version(app), handle.transaction_version(f"{app}/applied")
        return Position(0 if offset is None else offset, -1 if mark is None else mark)

    def _check(self, handle: DeltaTable, found: Mapping[int, Position]) -> None:
        types = {field.name: field.type for field in handle.schema().fields}
        for column in self.table.columns:
            if types.get(column.name) != DELTA_TYPES[column.kind]:
                raise WarehouseUnfit(
                    f"{self.url}: column {column.name}: expected {DELTA_TYPES[column.kind]},"
                    f" got {types.get(column.name, 'no such column')}; name another warehouse"
                )
        for partition, before in (self._positions or {}).items():
            if found[partition].mark < before.mark:
                raise WarehouseUnfit(
                    f"{self.url}: expected {self._apps[partition]} to be at {before}, got"
                    f" {found[partition]}: the table was replaced or restored to an older version"
                    " while it was written; start again to go on from what it holds"
                )


def delta_schema(table: Table) -> Schema:
    """The Delta schema of `table`; each column's meaning is its `comment`."""
    return Schema(
        [
            Field(c.name, DELTA_TYPES[c.kind], nullable=False, metadata={"comment": c.doc})
            for c in table.columns
        ]
    )


def record_batch(table: Table, rows: Sequence[Row]) -> RecordBatch:
    """`rows` as Arrow columns, at least one row."""
    columns = zip(*[row.values for row in rows], strict=True)
    return RecordBatch.from_pydict(
        {
            column.name: _arrow(column.kind, values)
            for column, values in zip(table.columns, columns, strict=True)
        }
    )


def _arrow(kind: Kind, values: Sequence[Any]) -> Array:
    match kind:
        case "day":
            return Array.from_buffer(array("i", values)).cast(DataType.date32())
        case "moment":
            numbers = Array.from_buffer(array("q", values))
            return numbers.cast(DataType.timestamp("us", tz="UTC"))
        case "number":
            return Array.from_buffer(array("q", values))
        case "texts":
            ends = array("i", [0])
            for texts in values:
                ends.append(ends[-1] + len(texts))
            flat = [text for texts in values for text in texts]
            return list_array(Array.from_buffer(ends), Array(flat, type=DataType.utf8()))
    return Array(values, type=DataType.utf8())


def _skippable(table: Table) -> list[str]:
    """Columns whose lowest and highest value a commit notes; of JSON text that says nothing."""
    return [c.name for c in table.columns if c.kind not in ("json", "texts", "day")]


def said(error: BaseException) -> str:
    """An error of the Delta library on one line, without terminal colours and stack frames."""
    told = re.split(r"\n +0: ", str(error), maxsplit=1)[0]
    return " ".join(re.sub(r"\x1b\[\d*m", "", told).split())[:400]
