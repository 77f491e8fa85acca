"""How the warehouse flow stands: lag and what is kept, as gauges; offsets for lag tools."""

from collections.abc import Mapping

from connectors.kafka.reader import Place, TopicReader
from flows.loader.append import Buffer
from flows.metrics.meter import Meter

BOOK_EVERY_S = 1.0
TELL_EVERY_S = 5.0

GROUP = "touchline-warehouse"
"""The group under which offsets are committed for lag tools; never a start position."""


class Standing:
    """Looked at between polls. Asks no server."""

    def __init__(self, meter: Meter, reader: TopicReader, buffers: Mapping[str, Buffer]) -> None:
        """`buffers`: by topic."""
        self._meter = meter
        self._reader = reader
        self._buffers = buffers
        self._booked_s = self._told_s = float("-inf")

    def look(self, now_s: float) -> None:
        """Book and tell what is due at `now_s`, in seconds of a monotonic clock."""
        if now_s - self._booked_s >= BOOK_EVERY_S:
            self._booked_s = now_s
            self.book()
        if now_s - self._told_s >= TELL_EVERY_S:
            self._told_s = now_s
            self.tell()

    def book(self) -> None:
        """Show what there is now."""
        highs = self._reader.highs()
        for topic, buffer in self._buffers.items():
            table = buffer.name
            self._meter.set("touchline_warehouse_buffered_rows", buffer.rows, table=table)
            self._meter.set("touchline_warehouse_buffered_bytes", buffer.bytes, table=table)
            for partition, at in buffer.done.items():
                place = Place(topic, partition)
                # At the end whatever the mark says: some brokers' marks are wrong.
                ended = self._reader.ends.get(place) == at
                lag = 0 if ended else max(highs.get(place, at) - at, 0)
                self._meter.set(
                    "touchline_warehouse_lag_records", lag, topic=topic, shard=str(partition)
                )

    def tell(self) -> None:
        """Tell lag tools how far the tables are."""
        self._reader.tell(
            (topic, partition, offset)
            for topic, buffer in self._buffers.items()
            for partition, offset in buffer.done.items()
        )
