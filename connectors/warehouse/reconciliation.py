"""Reads what the account needs, in an order in which nothing can fall between two readings.

The topics come first, to their ends; then how far the touchpoints flow says it is; then what is
forwarded and not processed yet, the dead letters, the warehouse, and what is published and not in
it. Whatever was processed before the flow said so is then in one of these. The topics are read on
at last, since what came meanwhile may have its row already.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
from confluent_kafka import Consumer, TopicPartition

from connectors.events.decode import decode
from connectors.kafka.errors import QUIET
from connectors.kafka.forwarding import Unmarked, origin_of
from connectors.kafka.to_end import Part, ToEnd
from connectors.kafka.topics import (
    DEAD_LETTER,
    ENRICHED,
    FORWARD,
    FoundTopic,
    TopicError,
    channel_topic,
    find_topics,
)
from connectors.warehouse.ledger import Ledger, Line, Produced
from connectors.warehouse.snapshot import open_table, snapshot_of
from connectors.warehouse.tables import TOUCHPOINTS
from state.limits import Limits
from state.touchpoint import Touchpoint

T = TypeVar("T")
GROUP = "touchline"
"""The consumer group that the touchpoints flow tells its offsets as."""
ANSWER_S = 15.0
_ANY_TIME = Limits(late_ms=1 << 52, ahead_ms=1 << 52)
"""Limits that every event is within."""


class Account(NamedTuple):
    """What became of all events."""

    lines: list[Line]
    """By topic, partition and hour; hours without an event or a row are left out."""

    @property
    def differs(self) -> bool:
        """Whether something is missing, doubled or unknown."""
        return any(line.differs for line in self.lines)

    def total(self, column: str) -> int:
        """The sum of one of Line's numbers."""
        return sum(getattr(line, column) for line in self.lines)


class _Place(msgspec.Struct, gc=False):
    topic: str
    partition: int
    offset: int


class _Row(msgspec.Struct, gc=False):
    id: str


_read_place = msgspec.json.Decoder(_Place).decode
_read_id = msgspec.json.Decoder(_Row).decode


class Reconciliation:
    """The events that were there when it began, and `look` as often as wanted at where they are."""

    def __init__(
        self,
        config: Mapping[str, str],
        channels: Sequence[str],
        warehouse_url: str,
        tell: Callable[[str, int], None],
    ) -> None:
        """Reads the channels' topics to their ends; `tell(what, count)` is called meanwhile.

        Raises TopicError for topics that are missing, KafkaException and Unread when Kafka gives
        no answer.
        """
        self._config = config
        self._url = warehouse_url
        self._tell = tell
        topics = _topics(config, channels)
        self._inputs = [topics[channel_topic(channel)] for channel in channels]
        self._enriched, self._letters = topics[ENRICHED], topics[DEAD_LETTER]
        self._forward = topics[FORWARD]
        self._ledger = Ledger()
        first = self._read_events(_starts(self._inputs), later=False)
        self._whole = _whole(first)
        self._ends = first.ends

    def look(self, since_ms: int = 0) -> Account:
        """Where they are now, from the hour `since_ms` on.

        Raises as before, and WarehouseUnavailable and WarehouseUnfit.
        """
        ledger = self._ledger
        ledger.forget_whereabouts()
        processed = _processed(self._config, [*self._inputs, self._forward])
        ledger.set_processed(processed)
        waiting = {(topic, n): offset for topic, n, offset in processed if topic == FORWARD}
        for batch in self._read("forwarded events", ToEnd(self._config, waiting)):
            ledger.add_forwarded(_origins(batch))
        for batch in self._read("dead letters", ToEnd(self._config, _starts([self._letters]))):
            ledger.add_dead(_places(batch))
        table = open_table(self._url, TOUCHPOINTS)
        url = f"{self._url.rstrip('/')}/{TOUCHPOINTS.name}"
        ledger.set_rows(snapshot_of(table, TOUCHPOINTS, url))
        enriched = self._enriched
        positions = {
            (ENRICHED, n): table.transaction_version(f"{enriched.id}/{n}") or 0
            for n in range(enriched.partitions)
        }
        for batch in self._read("published events", ToEnd(self._config, positions)):
            rows = [_told(_read_id, m) for m in batch if m.key() is not None]
            ledger.add_tail([row.id for row in rows if row is not None])
        self._ends = self._read_events(self._ends, later=True).ends
        return Account(ledger.lines(self._whole, since_ms))

    def close(self) -> None:
        """Let go of the memory."""
        self._ledger.close()

    def _read_events(self, starts: Mapping[Part, int], *, later: bool) -> ToEnd:
        read = ToEnd(self._config, starts)
        for batch in self._read("events", read):
            self._ledger.add_produced([_produced(message) for message in batch], later=later)
        return read

    def _read(self, what: str, read: ToEnd) -> Iterator[list[Any]]:
        count = 0
        for batch in read.batches():
            count += len(batch)
            yield batch
            self._tell(what, count)


def _topics(config: Mapping[str, str], channels: Sequence[str]) -> dict[str, FoundTopic]:
    names = [*map(channel_topic, channels), ENRICHED, DEAD_LETTER, FORWARD]
    found = find_topics(config, names)
    if missing := [name for name in names if name not in found]:
        raise TopicError(
            f"topic {missing[0]} does not exist: `touchline topics create` makes it; or name the "
            "channels that there are (TOUCHLINE_CHANNELS)"
        )
    return found


def _starts(topics: Sequence[FoundTopic]) -> dict[Part, int]:
    return {(topic.name, n): 0 for topic in topics for n in range(topic.partitions)}


def _whole(read: ToEnd) -> dict[Part, bool]:
    """Partition → whether its first record ever is still there."""
    return {
        part: read.firsts.get(part, 0 if end == 0 else 1) == 0 for part, end in read.ends.items()
    }


def _told(read: Callable[[bytes], T], message: Any) -> T | None:
    """None of a record that somebody else wrote there: it explains no event."""
    try:
        return read(message.value() or b"")
    except msgspec.DecodeError:
        return None


def _places(batch: list[Any]) -> Iterator[tuple[str, int, int]]:
    for message in batch:
        place = _told(_read_place, message)
        if place is not None:
            yield place.topic, place.partition, place.offset


def _origins(batch: list[Any]) -> Iterator[tuple[str, int, int]]:
    for message in batch:
        try:
            origin = origin_of(message)
        except Unmarked:
            continue  # somebody else wrote it: a dead letter of the place where it lies
        yield origin.topic, origin.place.partition, origin.place.offset


def _produced(message: Any) -> Produced:
    at_ms = message.timestamp()[1]
    topic = message.topic()
    channel = topic.rpartition(".")[2]
    return Produced(
        topic,
        message.partition(),
        message.offset(),
        at_ms,
        _id(message.value(), channel, at_ms),
    )


def _id(raw: bytes | None, channel: str, at_ms: int) -> str | None:
    """The event's id, whatever time it was judged at; None when it is no event at any."""
    event = decode(raw, channel, at_ms, at_ms, _ANY_TIME)
    return event.id if isinstance(event, Touchpoint) else None


def _processed(
    config: Mapping[str, str], topics: Sequence[FoundTopic]
) -> list[tuple[str, int, int]]:
    """How far the touchpoints flow has told that it is; 0 where it has not."""
    consumer = Consumer({**QUIET, **config, "group.id": GROUP, "enable.auto.commit": False})
    try:
        parts = [TopicPartition(topic, n) for topic, n in _starts(topics)]
        told = consumer.committed(parts, timeout=ANSWER_S)
        return [(part.topic, part.partition, max(part.offset, 0)) for part in told]
    finally:
        consumer.close()
