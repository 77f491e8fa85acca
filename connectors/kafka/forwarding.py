"""An event on its way to the partition that its customer belongs to: marked when it is sent on, and
read as the record that it was when it arrives.

Pure: equal records give equal marks. A mark that somebody else wrote is a value with a reason.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from msgspec import DecodeError, Meta, Struct
from msgspec.json import Decoder, Encoder

from connectors.kafka.channel_names import may_name_channel
from connectors.kafka.shard_consumer import Record
from connectors.kafka.topics import FORWARD, PREFIX
from connectors.published.records import (
    MAX_CARRIED_BYTES,
    MAX_HEADER_NAME_CHARACTERS,
    MAX_HEADERS,
)
from state.outbox import ForwardEntry

MARK: Final = "touchline-origin"
"""Name of the header that says where a forwarded event came from; always the first."""
MAX_HOPS: Final = 3
"""How often an event is forwarded at most. Once is enough, unless shards disagree on who belongs
where, or somebody else writes to the topic."""
MAX_MARK_BYTES: Final = 600
"""More than one with the longest name that a topic can have; and so few that nothing in it is
nested deeper than can be read."""

Headers = Sequence[tuple[str, bytes | None]]
Index = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Place(Struct, frozen=True):
    """Where a record lies, in the topic that has this id."""

    topic_id: str
    """With `.1` behind it once the topic has lost its end there, and so on (`state.fence`)."""
    partition: Index
    offset: Index

    @property
    def sender(self) -> str:
        """Names the partition among those that something is forwarded from (`state.origins`)."""
        return f"{self.topic_id}:{self.partition}"


class Origin(Struct, frozen=True):
    """What the mark says: JSON, for people who look at the topic."""

    topic: str
    place: Place
    """Topic and place it was produced to."""
    timestamp: int
    """That record's, in milliseconds since the epoch, as its producer or its broker set it."""
    hops: Annotated[int, Meta(ge=1, le=MAX_HOPS)]
    """How often it has been forwarded, this time included."""
    sender: Place
    """Where it lay when it was forwarded: at first `place`, then in the topic of what is forwarded.

    Only by sender come events in order: of one origin, some come straight and some by a detour.
    """


class Unmarked(Exception):
    """No mark of a record that a flow has forwarded; the text says what was expected."""


class Forwarded(Struct, frozen=True):
    """A record of the forward topic, to be read as the record that it was at its origin."""

    record: Record
    origin: Origin

    def topic(self) -> str:
        """Of the origin."""
        return self.origin.topic

    def partition(self) -> int:
        """Of the origin."""
        return self.origin.place.partition

    def offset(self) -> int:
        """Of the origin."""
        return self.origin.place.offset

    def timestamp(self) -> tuple[int, int]:
        """The origin's, whatever kind it was of."""
        return self.record.timestamp()[0], self.origin.timestamp

    def key(self) -> bytes | None:
        """As it came."""
        return self.record.key()

    def value(self) -> bytes | None:
        """As it came."""
        return self.record.value()

    def headers(self) -> list[tuple[str, bytes | None]]:
        """As they came, without the mark."""
        return (self.record.headers() or [])[1:]


encode_origin = Encoder().encode
_decode_origin = Decoder(Origin).decode


def forward_entry(record: Record, topic_id: str, partition: int) -> ForwardEntry:
    """`record`, an event that came to the wrong partition, marked and addressed to `partition`.

    `topic_id`: of the topic that it was read from, as in a `Place`. It keeps its key, value and
    headers; of headers what a dead letter would keep.
    """
    sender = Place(topic_id, record.partition(), record.offset())
    origin = Origin(record.topic(), sender, record.timestamp()[1], 1, sender)
    return _entry(record, origin, partition)


def forward_again(forwarded: Forwarded, topic_id: str, partition: int) -> ForwardEntry:
    """The same for one that was forwarded here, less than MAX_HOPS times, and belongs elsewhere.

    `topic_id`: of the topic of what is forwarded.
    """
    before, record = forwarded.origin, forwarded.record
    sender = Place(topic_id, record.partition(), record.offset())
    origin = Origin(before.topic, before.place, before.timestamp, before.hops + 1, sender)
    return _entry(forwarded, origin, partition)


def _entry(record: Record, origin: Origin, partition: int) -> ForwardEntry:
    value, key = record.value() or b"", record.key()
    room = MAX_CARRIED_BYTES - len(value)
    kept: list[bytes | None] = []
    headers = (readable_headers(record) or [])[:MAX_HEADERS]
    for part in (key, *(content for _, content in headers)):
        kept.append(part if part is None else part[:room])
        room -= len(kept[-1] or b"")
    names = [name[:MAX_HEADER_NAME_CHARACTERS] for name, _ in headers]
    mark = (MARK, encode_origin(origin))
    return ForwardEntry(partition, kept[0], value, [mark, *zip(names, kept[1:], strict=True)])


def read_forwarded(record: Record, topic_ids: Mapping[str, str], partitions: int) -> Forwarded:
    """`record` of the forward topic as what it was.

    `topic_ids`: topic → the broker's id, of those that a shard reads. An id that is none of them is
    one that its topic had before it was made anew: what was on its way then is the same event now.
    So is what came on a channel that the settings name no longer. Raises Unmarked.
    """
    origin = origin_of(record)
    place, sender = origin.place, origin.sender
    if not (_is_channel(origin.topic) and _may_be(origin.topic, place, topic_ids)):
        raise Unmarked(f"header {MARK}: expected a topic that events are read from, and its id")
    if not (sender == place if origin.hops == 1 else _may_be(FORWARD, sender, topic_ids)):
        raise Unmarked(f"header {MARK}: expected the place that it was forwarded from")
    if not max(origin.place.partition, origin.sender.partition) < partitions:
        raise Unmarked(f"header {MARK}: expected partitions below {partitions}")
    return Forwarded(record, origin)


def _is_channel(topic: str) -> bool:
    return topic.startswith(PREFIX) and may_name_channel(topic.removeprefix(PREFIX))


def _may_be(topic: str, place: Place, topic_ids: Mapping[str, str]) -> bool:
    """Whether `place` may lie in `topic`, as it is or as it was: in no other one that is read."""
    return all(place.topic_id != known for name, known in topic_ids.items() if name != topic)


def origin_of(record: Record) -> Origin:
    """What the mark of `record` says, whether it can be true or not. Raises Unmarked."""
    mark = mark_of(record)
    if mark is None or len(mark) > MAX_MARK_BYTES:
        raise Unmarked(f"expected a first header {MARK}, got none that can be read")
    try:
        return _decode_origin(mark)
    except DecodeError as error:
        raise Unmarked(f"header {MARK}: {error}") from None


def mark_of(record: Record) -> bytes | None:
    """The content of the mark; None when the first header is no mark."""
    headers = readable_headers(record)
    return headers[0][1] if headers and headers[0][0] == MARK else None


def readable_headers(record: Record) -> Headers | None:
    """A record's headers; None when the client cannot read them."""
    try:
        return record.headers() or []
    except (SystemError, UnicodeDecodeError):  # how it says that a name is not UTF-8
        return None
