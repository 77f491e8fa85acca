"""What lies between shards: each event that came to another partition than its customer's is sent
on to that one, as it came and in order. What a shard makes of it is for the shard's own laws.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from connectors.kafka.forwarding import Origin, readable_headers
from tests.faults.laws.verdict import Verdict

SENT_ON = "each misplaced event is sent on to its customer's partition, and nothing else is"
AS_IT_CAME = "what is sent on is what came: value, key, headers and time"
IN_ORDER = "what one partition sends on to another lies there in its order"
SAME_AGAIN = "what is sent on again is the same"

Place = tuple[str, int, int]
"""Topic, partition, offset."""


class Came(NamedTuple):
    """A record of the input as it was produced, wherever it was read."""

    place: Place
    """Where it was produced to."""
    stamp: int
    value: bytes | None
    content: int
    """See `content`."""

    @property
    def name(self) -> str:
        """The place, as it is told."""
        return name_of(*self.place)


def name_of(topic: str, partition: int, offset: int) -> str:
    """A place, as it is told."""
    return f"{topic}[{partition}]@{offset}"


def content(
    value: bytes | None, key: bytes | None, headers: Iterable[tuple[str, bytes | None]]
) -> int:
    """A hash of what a record holds."""
    return hash((value or b"", key, tuple(headers)))


def as_it_lies(message: Any) -> Came:
    """A record, of a channel's topic or any other."""
    place = message.topic(), message.partition(), message.offset()
    held = content(message.value(), message.key(), readable_headers(message) or ())
    return Came(place, message.timestamp()[1], message.value(), held)


def as_it_came(message: Any, origin: Origin) -> Came:
    """A record of what was sent on, which says that it comes from `origin`."""
    place = origin.topic, origin.place.partition, origin.place.offset
    held = content(message.value(), message.key(), message.headers()[1:])
    return Came(place, origin.timestamp, message.value(), held)


class Forwards:
    """Of all shards together. Of an event no more is kept than its place and hashes."""

    def __init__(self, verdict: Verdict) -> None:
        self._verdict = verdict
        self._due: dict[Place, tuple[int, int]] = {}
        """Where a misplaced event lies → its customer's shard, a hash of it and its time."""
        self._sent: dict[Place, tuple[int, int]] = {}
        """The same of what was sent on."""
        self._marked: dict[Place, int] = {}
        """... with the mark."""
        self._reached: dict[tuple[str, int, int], int] = {}
        """Topic and partition of origins, shard → the highest of their offsets so far."""

    def due(self, record: Came, shard: int) -> None:
        """`record` is an event of a customer of `shard`, and lies elsewhere."""
        self._due[record.place] = shard, hash((record.content, record.stamp))

    def is_first(self, record: Came, shard: int, marked: int) -> bool:
        """Whether `record`, the next that was sent on to `shard`, was not before.

        `marked`: the `content` with which it lies there.
        """
        verdict, where = self._verdict, f"{record.name} in shard {shard}"
        sent = shard, hash((record.content, record.stamp))
        if record.place in self._sent:
            same = (self._sent[record.place], self._marked[record.place]) == (sent, marked)
            verdict.expect(same, SAME_AGAIN, where)
            verdict.repeats["forwarded"] = verdict.repeats.get("forwarded", 0) + 1
            return False
        self._sent[record.place], self._marked[record.place] = sent, marked
        topic, partition, offset = record.place
        reached = self._reached.get((topic, partition, shard), -1)
        verdict.expect(reached < offset, IN_ORDER, where)
        self._reached[topic, partition, shard] = max(reached, offset)
        return True

    def judge(self) -> None:
        """What must hold once all shards are read."""
        verdict = self._verdict
        verdict.forwarded += len(self._sent)
        for place in sorted(self._due.keys() - self._sent.keys()):
            verdict.lost += 1
            verdict.broke(SENT_ON, f"{name_of(*place)} is missing")
        for place in sorted(self._sent.keys() - self._due.keys()):
            verdict.broke(SENT_ON, f"{name_of(*place)} is there and should not be")
        for place in sorted(self._due.keys() & self._sent.keys()):
            (shard, due), (to, sent) = self._due[place], self._sent[place]
            verdict.expect(shard == to, SENT_ON, f"{name_of(*place)} in {to}, not in {shard}")
            verdict.expect(due == sent, AS_IT_CAME, name_of(*place))
