"""What leaves for Kafka: plans, enriched records, dead letters, actions, forwarded events.

Guaranteed: `settle` returns only when every record handed over has been acknowledged by all in-sync
replicas, in order per partition and without a gap, also where one is refused (idempotent producer).
After a crash the caller's plan and outbox say what is produced again, byte for byte.

Where the broker does not know the producer, the first record goes alone: `in_turn` says why.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Final, NoReturn

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from connectors.kafka.errors import QUIET, Outage, words
from connectors.kafka.topics import (
    ACTIONS,
    DEAD_LETTER,
    ENRICHED,
    FORWARD,
    MAX_DEAD_LETTER_BYTES,
)
from state.outbox import ForwardEntry

FORGOTTEN_S: Final = 3_600.0
"""A broker forgets a producer that has been silent in a partition: after a day, unless its
`producer.id.expiration.ms` says otherwise."""

Place = tuple[str, int]
"""(topic, partition)"""
Handed = tuple[str | bytes | None, bytes, list[tuple[str, str | bytes | None]] | None]
"""(key, value, headers)"""


class NotDelivered(Exception):
    """The broker refused a record for good; nothing after it may be committed."""


class Publisher:
    """The process's only producer. Not thread-safe."""

    def __init__(self, config: Mapping[str, str], outage: Outage) -> None:
        self._failures: list[str] = []
        self._known_s: dict[Place, float] = {}
        """Where the broker knows us → when something was handed over last."""
        self._held: dict[Place, list[Handed]] = {}
        """What waits until the first record there is acknowledged."""
        self._producer = Producer(
            {
                "client.id": "touchline-touchpoints",
                "linger.ms": 1,
                "compression.type": "none",
                **QUIET,
                **config,
                "acks": "all",
                "enable.idempotence": True,
                # Behind a record that is refused for good nothing may come: done again it would
                # come behind what readers, and shards that receive, have seen, and be passed over.
                "enable.gapless.guarantee": True,
                # A broker that is away is waited for: giving a record up would stop the flow.
                "message.timeout.ms": 0,
                "message.max.bytes": MAX_DEAD_LETTER_BYTES,
                "queue.buffering.max.messages": 500_000,
                "error_cb": outage.note,
                # A Python call per success would be the largest item of a record's cost.
                "delivery.report.only.error": True,
            }
        )

    def plan(self, shard: int, value: bytes) -> None:
        """A plan, which has no key, ahead of its rows."""
        self._produce(ENRICHED, shard, [(None, value)])

    def enriched(self, shard: int, rows: Iterable[tuple[str, bytes]]) -> None:
        """(key, record) each, in order."""
        self._produce(ENRICHED, shard, rows)

    def actions(self, shard: int, records: Iterable[tuple[bytes, bytes]]) -> None:
        """(key, record) each, in order."""
        self._produce(ACTIONS, shard, records)

    def dead_letters(self, shard: int, records: Iterable[tuple[bytes | None, bytes]]) -> None:
        """(key, record) each, in order."""
        self._produce(DEAD_LETTER, shard, records)

    def forwards(self, shard: int, entries: Iterable[ForwardEntry]) -> None:
        """What `shard` sends on, each to the partition that it names, in order."""
        for entry in entries:
            place = FORWARD, entry.partition
            self._hand_over(place, [(entry.key, entry.value, [*entry.headers])])

    def _produce(
        self, topic: str, shard: int, records: Iterable[tuple[str | bytes | None, bytes]]
    ) -> None:
        self._hand_over((topic, shard), ((key, value, None) for key, value in records))

    def _hand_over(self, place: Place, records: Iterable[Handed]) -> None:
        """Send `records`, or keep those that have to wait for the first."""
        rest = iter(records)
        first = next(rest, None)
        if first is None:
            return  # no sign of life
        if place in self._held:
            self._held[place] += [first, *rest]
            return
        self._send(place, [first])
        now_s = time.monotonic()
        if now_s - self._known_s.get(place, -FORGOTTEN_S) < FORGOTTEN_S:
            self._known_s[place] = now_s
            self._send(place, rest)
        else:
            self._held[place] = [*rest]

    def _release(self) -> None:
        """All that was sent is acknowledged: what waited for that may follow."""
        held, self._held = self._held, {}
        self._known_s |= dict.fromkeys(held, time.monotonic())
        for place, records in held.items():
            self._send(place, records)

    def _send(self, place: Place, records: Iterable[Handed]) -> None:
        topic, partition = place
        produce, failed = self._producer.produce, self._failed
        for key, value, headers in records:
            while True:
                try:
                    produce(topic, value, key, partition, failed, headers=headers)
                    break
                except BufferError:  # librdkafka's queue is full: let it work
                    self._served(self._producer.poll, 0.1)
                except KafkaException as end:
                    _give_up(end)

    def settle(self, wait_s: float) -> bool:
        """Wait up to `wait_s` for every acknowledgement; True when none is missing.

        Raises NotDelivered when the broker refused one.
        """
        until_s = time.monotonic() + wait_s
        while self._served(self._producer.flush, max(until_s - time.monotonic(), 0)) == 0:
            if not self._held:
                return True
            self._release()
        return False

    def settled(self) -> bool:
        """Whether everything handed over is acknowledged, without waiting. Raises NotDelivered."""
        self._served(self._producer.poll, 0)
        if len(self._producer) == 0 and self._held:
            self._release()
        return len(self._producer) == 0

    def waiting(self) -> int:
        """Records handed over and not acknowledged."""
        return len(self._producer) + sum(map(len, self._held.values()))

    def abandon(self) -> None:
        """Forget what is not acknowledged: it is produced again by whoever takes the shard."""
        self._held = {}
        self._producer.purge()
        with suppress(NotDelivered):
            self._served(self._producer.poll, 0)

    def _served(self, serve: Callable[[float], int], wait_s: float) -> int:
        """Let librdkafka work, and call back. Raises NotDelivered."""
        try:
            left = serve(wait_s)
        except (KafkaException, SystemError) as end:  # the latter from a callback that was on
            _give_up(end)
        if self._failures:
            raise NotDelivered(self._failures[0])
        return left

    def _failed(self, error: KafkaError | None, message: Message) -> None:
        said = error.str() if error is not None else "success"
        self._failures.append(
            f"{message.topic()}[{message.partition()}]: expected an acknowledgement, got "
            f"{said}; nothing of this flush is committed"
        )


def _give_up(end: Exception) -> NoReturn:
    """Say what has ended the producer, since nothing may come behind what was refused."""
    why = words(end.__cause__ or end)
    raise NotDelivered(
        f"expected an acknowledgement, got {why}; nothing of this flush is committed"
    ) from None
