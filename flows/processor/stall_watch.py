"""Whether what lies in Kafka still comes.

A client of librdkafka can lose its way and say nothing: left without a broker (its issue 5301), or
with a partition that nobody fetches any more (5591). All looks well then, and nothing moves for
ever. So another client asks where the partitions end.
"""

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, Final

from confluent_kafka import IsolationLevel, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its module does not list it
    AdminClient,
    OffsetSpec,
)

from connectors.kafka.errors import Stalled
from flows.processor.processor import Processor
from flows.processor.shard import Hold

EVERY_S: Final = 5.0
LOOKS: Final = 6
"""So often in turn a partition is found where it was, with more to come, until it counts as stuck.
Looks and no time: while the flow itself stands still, for Redis, nothing can come."""


class StallWatch:
    """Waits for nothing: an answer is looked at by a later call."""

    def __init__(self, processor: Processor, admin: AdminClient, now_s: float) -> None:
        """`admin`: a client with connections of its own."""
        self._processor = processor
        self._admin = admin
        self._asked_s = now_s
        self._asked: Mapping[TopicPartition, Future[Any]] = {}
        self._stuck: dict[tuple[str, int], tuple[int, int]] = {}
        """(topic, partition) → (how far it is, how many looks in turn that has been so)."""

    def look(self, now_s: float) -> None:
        """Raises Stalled."""
        if self._asked:
            if all(answer.done() for answer in self._asked.values()):
                answers, self._asked = self._asked, {}
                self._compare(answers)
        elif now_s - self._asked_s >= EVERY_S:
            self._asked_s = now_s
            self._asked = self._ask()

    def _ask(self) -> Mapping[TopicPartition, Future[Any]]:
        processor = self._processor
        latest: Any = OffsetSpec.latest  # which has no types
        places = {
            TopicPartition(topic, shard.index): latest()
            for shard in processor.shards
            if shard.hold is Hold.OWNED
            for topic in processor.inputs
        }
        if not places:
            return {}
        return self._admin.list_offsets(
            places, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=EVERY_S
        )

    def _compare(self, answers: Mapping[TopicPartition, Future[Any]]) -> None:
        processor = self._processor
        consumer = processor.consumer
        owned = {shard.index for shard in processor.shards if shard.hold is Hold.OWNED}
        before, self._stuck = self._stuck, {}
        if processor.outage.why is not None or not consumer.emptied:
            return  # nothing can come, or what has come is not all handed out
        for part, answer in answers.items():
            topic, index = part.topic, part.partition
            if index not in owned or consumer.holds(topic, index) or answer.exception() is not None:
                continue
            reached, end = consumer.reached(topic, index), answer.result().offset
            if end <= reached:
                continue
            at, looks = before.get((topic, index), (reached, 0))
            looks = looks + 1 if at == reached else 1
            self._stuck[topic, index] = reached, looks
            if looks >= LOOKS:
                raise Stalled(
                    f"{topic}[{index}]: expected the {end - reached} events that lie there from "
                    f"offset {reached} on, got none of them for {EVERY_S * (LOOKS - 1):.0f} s, "
                    "though Kafka answers: its client has lost its way; start again"
                )
