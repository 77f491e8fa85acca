"""The consumer of a process that shares the shards with others through a Kafka consumer group.

Guaranteed: records of a partition come in offset order from the position that was given, none left
out, through every rebalance; and nobody else is given a shard before `let_go` is called or the
session of this member has expired. After a crash nothing is remembered here: the caller's positions
say what is read again.

The classic protocol, eager: at each rebalance every member gives up all it has and is told anew.
Assigned with *range*: the same indexes of all topics, which have equally many partitions.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from confluent_kafka import Consumer, TopicPartition
from msgspec import Struct

from connectors.kafka.errors import Outage
from connectors.kafka.lag_tools import leave
from connectors.kafka.shard_consumer import Record, ShardConsumer

SESSION_MS = 6_000
"""How long a member may be silent until its shards are given to others: its crash costs so long."""
LEAVE_S = 3.0
"""How long leaving the group is waited for, as others begin when it is known."""


class Unequal(Exception):
    """Kafka assigned different partitions of two topics; the text says which."""


class Event(Enum):
    """What happens to a member."""

    ASSIGNED = "assigned"
    """These shards, and no others, are its own."""
    REVOKED = "revoked"
    """Whose shards they are next is open: nothing more is read, and all wait for `let_go`."""
    LOST = "lost"
    """Its session has expired, so its shards may be another's already."""


class Rebalance(Struct, frozen=True):
    """What Kafka has told this member."""

    event: Event
    shards: frozenset[int] = frozenset()
    """With ASSIGNED: the indexes."""


class ShardGroup(ShardConsumer):
    """Reads partition s of every topic for each shard s it is given, one of the group's members.

    What Kafka tells comes inside `fetch`, where the flow cannot act on it: `told` has it later.
    """

    def __init__(self, config: Mapping[str, str], topics: Sequence[str], outage: Outage) -> None:
        """Asks to join; the first assignment comes in a later `fetch`."""
        session_ms = int(config.get("session.timeout.ms", SESSION_MS))
        beat_ms = int(config.get("heartbeat.interval.ms", session_ms // 4))
        super().__init__(
            config,
            topics,
            outage,
            {
                "session.timeout.ms": session_ms,
                "heartbeat.interval.ms": beat_ms,
                "group.protocol": "classic",
                "partition.assignment.strategy": "range",
            },
        )
        self._next: dict[tuple[str, int], int] = {}
        """(topic, partition) of the shards that are read → offset of the next record to be handed
        out. librdkafka's own position counts what it drops in a rebalance, too."""
        self._changed = False
        """What is read is not what `_next` says."""
        self._ours = False
        """Whether Kafka's last word was an assignment."""
        self._told: list[Rebalance] = []
        self._unequal: Unequal | None = None
        self._consumer.subscribe(
            list(topics), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
        )

    def told(self) -> list[Rebalance]:
        """What Kafka has told since the last call, oldest first. Raises Unequal."""
        if self._unequal is not None:
            raise self._unequal
        told, self._told = self._told, []
        return told

    def let_go(self) -> None:
        """After REVOKED: from now on others may be given the shards."""
        self._consumer.unassign()

    def start(self, shard: int, offsets: Mapping[str, int]) -> None:
        """Read `shard` from `offsets` (topic → offset), whatever was read before."""
        self.stop(shard)
        for topic in self._topics:
            self._next[topic, shard] = offsets[topic]
        self._changed = True

    def stop(self, shard: int) -> None:
        """Read `shard` no more; what was fetched of it and not handed out is dropped."""
        for topic in self._topics:
            self._next.pop((topic, shard), None)
            self.ends.pop((topic, shard), None)
        # Not an assignment without it: one that comes just before Kafka's word that the session has
        # expired makes of it a word like any other. It stays so until it is started again.
        self._consumer.pause([TopicPartition(topic, shard) for topic in self._topics])

    def reached(self, topic: str, shard: int) -> int:
        """As ShardConsumer."""
        place = topic, shard
        return max(self._next.get(place, 0), self.ends.get(place, 0))

    def fetch(self, limit: int, wait_s: float) -> list[Record]:
        """As ShardConsumer; an assignment is taken up first."""
        if self._changed and self._ours:
            self._take_up()
        expected = self._next
        records = []
        for record in super().fetch(limit, wait_s):
            place, offset = (record.topic(), record.partition()), record.offset()
            # What is below was handed out before, what has no place was on its way when stopped.
            if offset >= expected.get(place, offset + 1):
                expected[place] = offset + 1
                records.append(record)
        return records

    def commit(self, offsets: Iterable[tuple[str, int, int]]) -> None:
        """As ShardConsumer; only while the shards are ours, since others' stand is theirs."""
        if self._ours:
            super().commit(offsets)

    def close(self) -> None:
        """Leave the group, so that others go on at once."""
        leave(self._consumer, LEAVE_S)

    def _take_up(self) -> None:
        """Eager members may not add or take away: the whole is said anew, each from its offset."""
        self._changed = False
        self._consumer.assign([TopicPartition(*at, offset) for at, offset in self._next.items()])
        # Being held outlasts an assignment.
        flowing, held = self._next.keys() - self._held, self._next.keys() & self._held
        self._consumer.resume([TopicPartition(*place) for place in flowing])
        self._consumer.pause([TopicPartition(*place) for place in held])
        self._held = set(held)

    def _assigned(self, consumer: Consumer, parts: Sequence[TopicPartition]) -> None:
        by_topic: dict[str, set[int]] = {topic: set() for topic in self._topics}
        for part in parts:
            by_topic[part.topic].add(part.partition)
        shards = by_topic[self._topics[0]]
        if other := [topic for topic in self._topics if by_topic[topic] != shards]:
            self._unequal = Unequal(_unequal(self._topics[0], other[0], by_topic))
        self._told.append(Rebalance(Event.ASSIGNED, frozenset(shards)))
        self._ours = self._changed = True
        consumer.assign([])  # from where each is to be read only its fence says

    def _revoked(self, consumer: Consumer, _parts: Any) -> None:
        self._told.append(Rebalance(Event.REVOKED))
        self._ours = False
        # Stops reading, and is not yet the answer that the group waits for: that is `let_go`.
        consumer.assign([])

    def _lost(self, consumer: Consumer, _parts: Any) -> None:
        self._told.append(Rebalance(Event.LOST))
        self._ours = False
        consumer.unassign()


def _unequal(one: str, other: str, by_topic: Mapping[str, set[int]]) -> str:
    return (
        f"Kafka's group assigned partitions {sorted(by_topic[one])} of {one} and "
        f"{sorted(by_topic[other])} of {other}: expected the same of each topic, as *range* gives "
        "them to members that read the same topics; give every process the same "
        "TOUCHLINE_CHANNELS, and let nothing else join the group touchline"
    )
