"""The warehouse's tables: what each column means, and how a published record becomes a row.

Written once, for every kind of warehouse. A row is never changed. Both tables are cut by the day on
which we came to know (received, decided), not the day on which it happened: that day only moves on,
so a commit touches one folder, seldom two, and an event that comes a month late opens no old one.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Annotated, Any, Literal, NamedTuple, get_type_hints

import msgspec
from msgspec import Meta, Raw, Struct

from connectors.kafka.reader import Place
from connectors.kafka.topics import ACTIONS, ENRICHED
from connectors.published.record_types import ActionRecord, EnrichedRecord
from state.times import EPOCH

Kind = Literal["day", "moment", "number", "text", "texts", "json"]
"""day: whole days since 1970-01-01. moment: microseconds since the epoch, UTC. number: a signed
64-bit integer. json: one JSON value as text."""

PARTITION_COLUMN = "date"


class Column(NamedTuple):
    """One column, filled from one field of the record."""

    name: str
    kind: Kind
    doc: str
    field: str = ""
    """Dotted; the column's own name when empty."""


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
    record: type[Struct]
    columns: tuple[Column, ...]

    def reader(self) -> Callable[[Place, bytes], Row]:
        """A function from a record's place and value to its row.

        It raises ValueError (as msgspec.DecodeError is) when the value is not such a record.
        """
        decode = msgspec.json.Decoder(self._row_type()).decode
        getters = [_getter(column) for column in self.columns]

        def read(place: Place, value: bytes) -> Row:
            record = decode(value)
            applied = record.applied
            if applied.shard != place.partition:
                raise ValueError(f"expected shard {place.partition}, got {applied.shard}")
            values = tuple([get(record) for get in getters])
            return Row(place, applied.watermark(), len(value), values)

        return read

    def _row_type(self) -> Any:
        """The record with its JSON columns left as they came: copied, not read and written."""
        raw = {column.name for column in self.columns if column.kind == "json"}
        hints = get_type_hints(self.record)
        fields = [(name, Raw if name in raw else _strict(hints[name])) for name in hints]
        return msgspec.defstruct(f"{self.record.__name__}Row", fields, frozen=True, gc=False)


def _strict(hint: Any) -> Any:
    """A moment without an offset from UTC could be any."""
    return Annotated[datetime, Meta(tz=True)] if hint is datetime else hint


def _getter(column: Column) -> Callable[[Any], Any]:
    get = attrgetter(column.field or column.name)
    match column.kind:
        case "day":
            return lambda record: _micros(get(record)) // _DAY_MICROS
        case "moment":
            return lambda record: _micros(get(record))
        case "json":
            return lambda record: bytes(get(record)).decode()
    return get


_MICRO = timedelta(microseconds=1)
_DAY_MICROS = timedelta(days=1) // _MICRO


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // _MICRO


_APPLIED = (
    Column("playbook", "text", "Version of the playbook that was used."),
    Column("shard", "number", "The partition it was published in.", "applied.shard"),
    Column(
        "generation",
        "number",
        "Rises when state was rebuilt; within a shard, order by generation, commit, index.",
        "applied.generation",
    ),
    Column("commit", "number", "The shard's commit that published it.", "applied.commit"),
    Column("index", "number", "Its place within that commit.", "applied.index"),
)

TOUCHPOINTS = Table(
    name="touchpoints",
    topic=ENRICHED,
    doc="Events of all channels, each with what was known of its customer once it had counted.",
    record=EnrichedRecord,
    columns=(
        Column(PARTITION_COLUMN, "day", "Day of received_at, UTC: the folder.", "received_at"),
        Column("id", "text", "32 hex digits, a function of customer id and message id."),
        Column("customer_id", "text", "Whom it is about: the user id, else the anonymous id."),
        Column("channel", "text", "click, email, chat, kiosk or one more by configuration."),
        Column("event", "text", "The event's name."),
        Column("occurred_at", "moment", "When it happened, by the producer's clock, or corrected."),
        Column("received_at", "moment", "The log record's timestamp: when it was sent or logged."),
        *_APPLIED,
        Column("segments", "texts", "Those the customer was in after this event, sorted."),
        Column("profile", "json", "The summary of the profile that the playbook declares."),
        Column("original", "json", "The event as it came."),
    ),
)

DECISIONS = Table(
    name="actions",
    topic=ACTIONS,
    doc="What was decided: offers, alerts, segments, journeys, what others are to do.",
    record=ActionRecord,
    columns=(
        Column(PARTITION_COLUMN, "day", "Day of decided_at, UTC: the folder.", "decided_at"),
        Column("id", "text", "32 hex digits; one for each decision."),
        Column(
            "kind",
            "text",
            "offer.decided, offer.answered, alert.raised, alert.escalated, alert.acknowledged, "
            "alert.cleared, segment.entered, segment.exited, journey.started, journey.ended, "
            "webhook, email.request, lead.route, ticket.request, push.request, log.",
        ),
        Column("customer_id", "text", "Whom it is about."),
        Column("caused_by", "text", "Message id of the event that led to it."),
        Column("decided_at", "moment", "The time that the decision was told, UTC."),
        *_APPLIED,
        Column("body", "json", "What it holds depends on kind."),
    ),
)

TABLES = (TOUCHPOINTS, DECISIONS)
