"""From a trickle of rows to few commits: at most one each 5 s or 50,000 rows for each table."""

import logging
import time
from collections.abc import Mapping

from connectors.warehouse.delta import DeltaAppender, WarehouseUnavailable
from connectors.warehouse.tables import Row
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

    def __init__(self, appender: DeltaAppender, hold: Hold, meter: Meter) -> None:
        self._appender = appender
        self._hold = hold
        self._meter = meter
        self._rows: list[Row] = []
        self._bytes = 0
        self._offsets: dict[int, int] = {}
        self._written_at_s: float | None = None

    def add(self, rows: list[Row], offsets: Mapping[int, int]) -> None:
        """Keep `rows`, and how far their topic was read, for the next commit."""
        self._rows += rows
        self._bytes += sum([row.size for row in rows])
        self._offsets.update(offsets)

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
            log.warning("%d rows are not written; they are read from Kafka again: %s", kept, reason)

    def _write(self) -> None:
        began_s = time.perf_counter()
        added = self._appender.append(self._rows, self._offsets)
        table = self._appender.table.name
        if added:
            self._meter.observe(
                "touchline_warehouse_commit_seconds", time.perf_counter() - began_s, table=table
            )
            self._meter.set(
                "touchline_warehouse_last_commit_timestamp_seconds", time.time(), table=table
            )
        self._meter.add("touchline_warehouse_rows_total", added, table=table)
        self._meter.add("touchline_warehouse_repeats_total", len(self._rows) - added, table=table)
        self._rows, self._bytes, self._offsets = [], 0, {}


class Append:
    """The flow's last step: each topic's rows into its table's buffer, written when it is time."""

    def __init__(self, buffers: Mapping[str, Buffer]) -> None:
        """`buffers`: by topic."""
        self._buffers = buffers

    def __call__(self, arrivals: Arrivals) -> None:
        """Raises Stopped when told to stop while the warehouse is away, and WarehouseUnfit."""
        for topic, buffer in self._buffers.items():
            buffer.add(
                [row for row in arrivals.rows if row.place.topic == topic],
                {p.partition: offset for p, offset in arrivals.offsets.items() if p.topic == topic},
            )
            if buffer.due(arrivals.at_s):
                buffer.write(arrivals.at_s)

    def drain(self) -> None:
        """Write what is left; one attempt for each table."""
        for buffer in self._buffers.values():
            buffer.drain()
