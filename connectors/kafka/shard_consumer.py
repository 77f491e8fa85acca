"""One consumer for all topics of a process's shards, positioned by the caller alone.

Guaranteed: records of a partition come in offset order from the position that was given, none left
out. After a crash nothing is remembered here: the caller's positions say what is read again.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Protocol, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.kafka.edges import true_lows
from connectors.kafka.errors import QUIET, LogTruncated, Outage, gone, passes
from connectors.kafka.first_contact import meet_brokers
from connectors.kafka.lag_tools import leave, tell_offsets
from connectors.kafka.topics import ENRICHED

GROUP = "touchline"
"""The group under which offsets are committed for lag tools; never a start position."""
QUEUED_KB: Final = 65_536
"""What librdkafka fetches ahead, of all partitions in one queue, until it fetches no more."""
FETCHED_BYTES: Final = 262_144
"""Of one partition at a time, or one batch of it: all partitions share the queue, and a shard needs
something of each of its topics to go on."""
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class Record(Protocol):
    """A record that was fetched: a confluent_kafka.Message without an error."""

    # fmt: off - what confluent_kafka documents, on a line each
    def topic(self) -> str: ...
    def partition(self) -> int: ...
    def offset(self) -> int: ...
    def timestamp(self) -> tuple[int, int]: ...
    def key(self) -> bytes | None: ...
    def value(self) -> bytes | None: ...
    def headers(self) -> list[tuple[str, bytes | None]] | None: ...

    # fmt: on


class ShardConsumer:
    """Reads partition s of every topic for each shard s it is given. Not thread-safe."""

    def __init__(
        self,
        config: Mapping[str, str],
        topics: Sequence[str],
        outage: Outage,
        fixed: Mapping[str, str | int] = NOTHING,
    ) -> None:
        """`fixed`: options of librdkafka that `config` does not change."""
        self._config = config
        self._topics = tuple(topics)
        self._outage = outage
        self._consumer = Consumer(
            {
                "client.id": "touchline-touchpoints",
                **QUIET,
                **config,
                **fixed,
                "group.id": GROUP,
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
                "fetch.message.max.bytes": FETCHED_BYTES,
                "fetch.wait.max.ms": 20,
                "fetch.error.backoff.ms": 50,
                "queued.max.messages.kbytes": QUEUED_KB,
                "error_cb": outage.note,
            }
        )
        self._has_met = False
        self._held: set[tuple[str, int]] = set()
        self._began: dict[tuple[str, int], int] = {}
        self.ends: dict[tuple[str, int], int] = {}
        """(topic, partition) → the offset at which its end was seen last."""
        self.ended_ms: dict[tuple[str, int], int] = {}
        """(topic, partition) → when that was, by the wall clock."""
        self.emptied = True
        """Whether the last fetch left nothing that had arrived."""
        self.read_bytes = 0
        """Of all values that were fetched."""

    def start(self, shard: int, offsets: Mapping[str, int]) -> None:
        """Read `shard` from `offsets` (topic → offset), whatever was read before.

        Raises KafkaException when no broker has answered yet, and none does.
        """
        if not self._has_met:
            meet_brokers(self._consumer, self._topics[0])
            self._has_met = True
        self.stop(shard)
        parts = [TopicPartition(topic, shard, offsets[topic]) for topic in self._topics]
        self._began |= {(part.topic, shard): part.offset for part in parts}
        self._consumer.incremental_assign(parts)

    def stop(self, shard: int) -> None:
        """Read `shard` no more; what was fetched of it and not handed out is dropped."""
        # As long as it is assigned: librdkafka keeps the pause, and a resume that comes while an
        # assignment is under way may be lost, or the assignment's offset with it (its issues 2190
        # and 5591).
        self.hold({place for place in self._held if place[1] != shard})
        read = [
            TopicPartition(part.topic, part.partition)
            for part in self._consumer.assignment()
            if part.partition == shard
        ]
        if read:
            self._consumer.incremental_unassign(read)
        for topic in self._topics:
            self.ends.pop((topic, shard), None)
            self._began.pop((topic, shard), None)
            self.ended_ms.pop((topic, shard), None)

    def hold(self, full: set[tuple[str, int]]) -> None:
        """Fetch nothing of `full`, (topic, partition) each, for now; and of all others again."""
        if more := full - self._held:
            self._consumer.pause([TopicPartition(*place) for place in more])
        if less := self._held - full:
            self._consumer.resume([TopicPartition(*place) for place in less])
        self._held = full

    def holds(self, topic: str, shard: int) -> bool:
        """Whether nothing is fetched of it for now."""
        return (topic, shard) in self._held

    def reached(self, topic: str, shard: int) -> int:
        """The offset before which nothing of it is still to come; no request is made."""
        place = topic, shard
        (at,) = self._consumer.position([TopicPartition(topic, shard)])
        return max(at.offset, self.ends.get(place, 0), self._began.get(place, 0))

    def may_have_more(self, topic: str, shard: int, offset: int) -> bool:
        """Whether a partition may hold records from `offset` on, by what the last fetch told of
        it; no request is made."""
        low_high: Any = self._consumer.get_watermark_offsets(
            TopicPartition(topic, shard), cached=True
        )
        return low_high is None or not 0 <= low_high[1] <= offset

    def fetch(self, limit: int, wait_s: float) -> list[Record]:
        """At most `limit` records that have arrived; waits up to `wait_s` for the first one only.

        Raises LogTruncated, and KafkaException for an error that does not pass by itself.
        """
        # consume() waits its whole timeout unless `limit` records are there: so wait for one.
        first = self._consumer.poll(wait_s)
        self.emptied = first is None
        if first is None:
            return []
        arrived = [first, *self._consumer.consume(limit - 1, 0)] if limit > 1 else [first]
        self.emptied = len(arrived) < limit
        self.read_bytes += sum([len(message.value() or b"") for message in arrived])
        records: list[Record] = []
        for message in arrived:
            error = message.error()
            if error is None:
                records.append(cast(Record, message))
            else:
                self._note(message, error)
        return records

    def _note(self, message: Message, error: KafkaError) -> None:
        place = (message.topic() or "", message.partition() or 0)
        if error.code() == KafkaError._PARTITION_EOF:
            self.ends[place] = message.offset() or 0
            self.ended_ms[place] = time.time_ns() // 1_000_000
        elif gone(error):
            raise LogTruncated(
                f"{place[0]}[{place[1]}]: expected the log to hold the next offset, got: "
                f"{error.str()}; the topic was truncated, recreated or is behind its retention: "
                f"restore it, or go on without: `touchline topics accept-recreated {place[0]}`"
            )
        elif passes(error):
            self._outage.note(error)
        else:
            raise KafkaException(error)

    def highs(self, shard: int) -> dict[str, int]:
        """Topic → the end of its partition as the last fetch told it; no request is made."""
        found = {}
        for topic in self._topics:
            low_high: Any = self._consumer.get_watermark_offsets(
                TopicPartition(topic, shard), cached=True
            )
            if low_high is not None and low_high[1] >= 0:
                found[topic] = low_high[1]
        return found

    def commit(self, offsets: Iterable[tuple[str, int, int]]) -> None:
        """Tell the broker (topic, partition, next offset), for lag tools; failure is no matter."""
        tell_offsets(self._consumer, self._outage, offsets)

    def worked_on(self, shard: int) -> bool:
        """Whether the broker has a committed offset or an enriched record of `shard`."""
        parts = [TopicPartition(topic, shard) for topic in self._topics]
        if any(part.offset > 0 for part in self._consumer.committed(parts, timeout=15)):
            return True
        # Committed offsets of a group that rests are forgotten after a week by default.
        low_high: Any = self._consumer.get_watermark_offsets(
            TopicPartition(ENRICHED, shard), timeout=15
        )
        return low_high is not None and low_high[1] > 0

    def earliest(self, shard: int) -> dict[str, int]:
        """Topic → the first offset its partition still holds. Raises KafkaException."""
        told: dict[tuple[str, int], int] = {}
        for topic in self._topics:
            low_high: Any = self._consumer.get_watermark_offsets(
                TopicPartition(topic, shard), timeout=15
            )
            if low_high is None:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
            told[topic, shard] = low_high[0]
        return {topic: low for (topic, _), low in true_lows(self._config, told).items()}

    def close(self) -> None:
        """Leave the broker."""
        leave(self._consumer)
