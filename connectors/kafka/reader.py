"""Reads whole topics from given offsets: all partitions, no group, one consumer.

Guaranteed: records of a partition come in offset order from the position that was given, none left
out. After a crash nothing is remembered here: the caller's positions say what is read again.
"""

import logging
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from typing import Any, NamedTuple

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from connectors.kafka.errors import QUIET, LogTruncated, Outage, gone, passes, words
from connectors.kafka.lag_tools import leave, tell_offsets
from connectors.kafka.topics import FoundTopic, admin_client, answered, ask_topics

log = logging.getLogger(__name__)

LOOK_S = 5.0
"""Seconds between two looks at whether the topics are still the same ones."""

PREFETCH_KB = 16_384
"""What librdkafka may hold that nobody has asked for yet: the bound while a sink is waiting."""

_UNKNOWN = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION)


class TopicReplaced(LogTruncated):
    """A topic was deleted, or deleted and made again, while it was read."""


class Place(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]"


class Record(NamedTuple):
    """A record as it lies in Kafka."""

    place: Place
    offset: int
    key: bytes | None
    value: bytes | None


class TopicReader:
    """Reads partitions of `topics`, each from its start. Not thread-safe.

    Broker connections that are lost come back by themselves (librdkafka); `outage.why` says why
    nothing comes meanwhile.
    """

    def __init__(
        self,
        config: Mapping[str, str],
        topics: Mapping[str, FoundTopic],
        starts: Mapping[Place, int],
        only: Iterable[Place] | None = None,
        group: str = "touchline-reader",
    ) -> None:
        """`starts`: next offset by place; with 0, or none, it begins at the earliest record.

        `only`: the places to read; None for all. `group`: in whose name `tell` tells offsets.
        """
        self._topics = topics
        self.outage = Outage(log)
        self._consumer = Consumer(
            {
                "client.id": "touchline-reader",
                **QUIET,
                **config,
                "group.id": group,  # librdkafka wants one; it is never joined
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
                "queued.max.messages.kbytes": PREFETCH_KB,
                # Its default lets a full queue run empty: a second's rest for each 16 MB.
                "fetch.queue.backoff.ms": 20,
                "error_cb": self._told,
            }
        )
        self.ends: dict[Place, int] = {}
        """Place → the offset at which its end was seen last."""
        self._admin = admin_client(config)
        self._looking: Mapping[str, Future[Any]] = {}
        self._look_at_s = time.monotonic() + LOOK_S
        every = (Place(t.name, n) for t in topics.values() for n in range(t.partitions))
        places = list(every if only is None else only)
        self._places = {(place.topic, place.partition): place for place in places}
        self._consumer.assign(
            [TopicPartition(*p, starts.get(p) or OFFSET_BEGINNING) for p in places]
        )

    def read(self, limit: int, wait_s: float) -> list[Record]:
        """Up to `limit` records; fewer (or none) when so many have not come after `wait_s`.

        Raises LogTruncated, TopicReplaced, and KafkaException for an error that does not pass.
        """
        self._look()
        records = []
        arrived: list[Any] = self._consumer.consume(limit, wait_s)  # its types doubt every part
        for message in arrived:
            error = message.error()
            if error is None:
                # Equal places become one object: cheaper to compare, nothing to collect.
                place = self._places[message.topic(), message.partition()]
                records.append(Record(place, message.offset(), message.key(), message.value()))
            else:
                self._note(message, error)
        if records:
            self.outage.end()
        return records

    def highs(self) -> dict[Place, int]:
        """Place → the end of its log as the last fetch told it; no request is made."""
        found = {}
        for place in self._places.values():
            low_high: Any = self._consumer.get_watermark_offsets(
                TopicPartition(*place), cached=True
            )
            if low_high is not None and low_high[1] >= 0:
                found[place] = low_high[1]
        return found

    def tell(self, offsets: Iterable[tuple[str, int, int]]) -> None:
        """Tell the broker (topic, partition, next offset), for lag tools; failure is no matter."""
        tell_offsets(self._consumer, self.outage, offsets)

    def close(self) -> None:
        """Leave the broker."""
        leave(self._consumer)

    def _note(self, message: Message, error: KafkaError) -> None:
        if error.code() == KafkaError._PARTITION_EOF:
            self.ends[self._places[message.topic() or "", message.partition() or 0]] = (
                message.offset() or 0
            )
            return
        if gone(error):
            raise LogTruncated(
                f"{message.topic()}[{message.partition()}]: expected the log to hold the next"
                f" offset, got: {error.str()}; the topic was truncated or is behind its retention"
            )
        if error.code() not in _UNKNOWN and not passes(error):
            raise KafkaException(error)
        self._told(error)

    def _told(self, error: KafkaError) -> None:
        if error.code() in _UNKNOWN:
            self._look_at_s = 0.0  # one look tells whether it is gone or the broker is starting
        self.outage.note(error)

    def _look(self) -> None:
        """A consumer of a topic that was made again sits silent for ever: so ask for the ids.

        The answer is fetched at a later call, so that a broker that is away delays nothing.
        """
        # It keeps what it says of its connections until it is polled: a lot, while Kafka is away.
        self._admin.poll(0)
        if not self._looking:
            if time.monotonic() >= self._look_at_s:
                self._looking = ask_topics(self._admin, self._topics)
        elif all(answer.done() for answer in self._looking.values()):
            answers, self._looking = self._looking, {}
            self._look_at_s = time.monotonic() + LOOK_S
            self._compare(answers)

    def _compare(self, answers: Mapping[str, Future[Any]]) -> None:
        try:
            found = {name: answered(name, answer) for name, answer in answers.items()}
        except KafkaException as silent:
            self.outage.begin(words(silent))
            return
        self.outage.end()
        for name, topic in found.items():
            known_id = self._topics[name].id
            if topic is None or topic.id != known_id:
                raise TopicReplaced(
                    f"{name}: expected the topic with id {known_id},"
                    f" got {topic.id if topic else 'no such topic'}: it was deleted or made again"
                    " while it was read; start again to read what is there now"
                )
