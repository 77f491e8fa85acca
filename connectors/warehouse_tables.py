"""The warehouse's tables: what each column means, and how a published record becomes a row.

Written once, for every warehouse. A row is never changed. Both tables are cut by the day on which
we came to know (received, decided), not the day on which it happened: that day only moves on, so a
commit touches one folder, seldom two, and an event that comes a month late opens no old one.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct

from connectors.kafka_reader import Place
from connectors.kafka_topics import ACTIONS, ENRICHED
from connectors.records import ActionRecord, EnrichedRecord
from state.applied import Applied

Kind = Literal["day", "moment", "number", "text", "texts", "json"]
"""day: whole days since 1970-01-01. moment: microseconds since the epoch, UTC. number: a signed
64-bit integer. json: one JSON value as text."""

PARTITION_COLUMN = "date"


class Column(NamedTuple):
    """One column and how it is read from a decoded record."""

    name: str
    kind: Kind
    doc: str
    of: Callable[[Any], Any]


class Row(NamedTuple):
    """A record on its way into a table."""

    place: Place
    mark: int
    """Watermark of where it was applied: rises along a partition, comes again in a repeat."""
    size: int
    """Bytes the record has in Kafka."""
    values: tuple[Any, ...]
    """One for each column of its table."""


class Table(Struct, frozen=True):
    """One table, filled from one topic."""

    name: str
    topic: str
    doc: str
    record: type[EnrichedRecord | ActionRecord]
    columns: tuple[Column, ...]

    def reader(self) -> Callable[[Place, bytes], Row]:
        """A function from a record's place and value to its row.

        It raises ValueError (msgspec.DecodeError is one) when the value is not such a record.
        """
        decode = msgspec.json.Decoder(self.record).decode
        getters = [column.of for column in self.columns]

        def read(place: Place, value: bytes) -> Row:
            record = decode(value)
            applied: Applied = record.applied
            if applied.shard != place.partition:
                raise ValueError(f"expected shard {place.partition}, got {applied.shard}")
            values = tuple([get(record) for get in getters])
            return Row(place, applied.watermark(), len(value), values)

        return read


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_MICROSECOND = timedelta(microseconds=1)


def _moment(text: str) -> int:
    return (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND


def _day(text: str) -> int:
    return datetime.fromisoformat(text).astimezone(UTC).toordinal() - _EPOCH_DAY


def _text(raw: msgspec.Raw) -> str:
    return bytes(raw).decode()


APPLIED = (
    Column("shard", "number", "Partition of the topic, and shard that decided.", lambda r: r.applied.shard),
)
