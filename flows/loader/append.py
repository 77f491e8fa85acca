"""From a trickle of rows to few commits: at most one each 5 s or 50,000 rows for each table."""

import logging
import time
from collections.abc import Mapping

from connectors.warehouse.delta import DeltaAppender
from connectors.warehouse.errors import WarehouseUnavailable
from connectors.warehouse.tables import PARTITION_COLUMN, Row, Table
from flows.loader.arrivals import Arrivals
from flows.loader.hold import Hold
from flows.metrics.meter import Meter

log = logging.getLogger("touchline.warehouse")

MOST_SECONDS = 5.0
MOST_ROWS = 50_000
MOST_BYTES = 64 * 1024 * 1024
"""Of records as they lie in Kafka: bounds memory where records are large."""


class Buffer:
    """One table's rows that are not written yet."""

    def __init__(
        self,
        appender: DeltaAppender,
        hold: Hold,
        meter: Meter,
        starts: Mapping[int, int] | None = None,
    ) -> None:
        """`starts`: partition → next offset that the table is at."""
        self._appender = appender
        self._hold = hold
        self._meter = meter
        self._known_since = _known_since(appender.table)
        self._newest_s = 0.0
        self._rows: list[Row] = []
        self._bytes = 0
        self._offsets: dict[int, int] = {}
        self._written_at_s: float | None = None
        self.done = dict(starts or {})
        """Partition → the offset before which nothing is left to be written."""

    @property
    def name(self) -> str:
        """The table's."""
        return self._appender.table.name

    @property
    def rows(self) -> int:
        """How many are kept."""
        return len(self._rows)

    @property
    def bytes(self) -> int:
        """Of those records, as they lie in Kafka."""
        return self._bytes

    def add(self, rows: list[Row], offsets: Mapping[int, int]) -> None:
        """Keep `rows`, and how far their topic was read, for the next commit."""
        self._rows += rows
        self._bytes += sum([row.size for row in rows])
        self._offsets.update(offsets)
        if not self._rows:
            self.done.update(offsets)

    def due(self, now_s: float) -> bool:
        """Whether it is time to write. The first rows after a start do not wait."""
        if not self._rows:
            return False
        if len(self._rows) >= MOST_ROWS or self._bytes >= MOST_BYTES:
            return True
        return self._written_at_s is None or now_s - self._written_at_s >= MOST_SECONDS

    def write(self, now_s: float) -> None:
        """Commit what is there; waits while the warehouse is not available. Raises Stopped."""
        self._hold(self._write)
        self._written_at_s = now_s

    def drain(self) -> None:
        """The last write: one attempt. What it cannot write is read from Kafka again next time."""
        if not self._rows:
            return
        kept = len(self._rows)
        try:
            self._write()
        except WarehouseUnavailable as reason:
            self._meter.add("touchline_warehouse_failures_total")
            log.warning("%d rows are not written; they are read from Kafka again: %s", kept, reason)

    def _write(self) -> None:
        began_s = time.perf_counter()
        added = self._appender.append(self._rows, self._offsets)
        if added:
            self._book(added, time.perf_counter() - began_s)
        self._meter.add(
            "touchline_warehouse_repeats_total", len(self._rows) - added, table=self.name
        )
        self.done.update(self._offsets)
        self._rows, self._bytes, self._offsets = [], 0, {}

    def _book(self, added: int, seconds: float) -> None:
        meter, table = self._meter, self.name
        known_since = self._known_since
        newest_us = max([row.values[known_since] for row in self._rows])
        self._newest_s = max(self._newest_s, newest_us / 1e6)
        # Seldom are there fewer than were kept: when another writer had put some there before.
        written = self._bytes * added // len(self._rows)
        meter.observe("touchline_warehouse_commit_seconds", seconds, table=table)
        meter.set("touchline_warehouse_last_commit_timestamp_seconds", time.time(), table=table)
        meter.set("touchline_warehouse_newest_timestamp_seconds", self._newest_s, table=table)
        meter.add("touchline_warehouse_rows_total", added, table=table)
        meter.add("touchline_warehouse_bytes_total", written, table=table)


def _known_since(table: Table) -> int:
    """Which of a row's values says when we came to know: the moment that its day is of."""
    (day,) = (column for column in table.columns if column.name == PARTITION_COLUMN)
    return [column.name for column in table.columns].index(day.field)


class Append:
    """The flow's last step: each topic's rows into its table's buffer, written when it is time."""

    def __init__(self, buffers: Mapping[str, Buffer]) -> None:
        self.buffers = buffers
        """By topic."""

    def __call__(self, arrivals: Arrivals, *, stopping: bool = False) -> None:
        """Write when it is time; not when `stopping`, since `drain` will write all at once.

        Raises Stopped when told to stop while the warehouse is away, and WarehouseUnfit.
        """
        for topic, buffer in self.buffers.items():
            buffer.add(
                [row for row in arrivals.rows if row.place.topic == topic],
                {p.partition: offset for p, offset in arrivals.offsets.items() if p.topic == topic},
            )
            if not stopping and buffer.due(arrivals.at_s):
                buffer.write(arrivals.at_s)

    def drain(self) -> None:
        """Write what is left; one attempt for each table."""
        for buffer in self.buffers.values():
            buffer.drain()
