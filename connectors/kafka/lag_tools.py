"""Offsets told to the broker for lag tools, and leaving it without waiting long for that.

Not guaranteed at all: an offset may never arrive. They are nobody's start position: after a crash
each reader's own state says what is read again.
"""

import threading
from collections.abc import Iterable

from confluent_kafka import Consumer, KafkaException, TopicPartition

from connectors.kafka.errors import Outage

CLOSE_S = 0.5
"""How long leaving the broker is waited for: no more than a courtesy, as the offsets are."""


def tell_offsets(
    consumer: Consumer, outage: Outage, offsets: Iterable[tuple[str, int, int]]
) -> None:
    """Commit (topic, partition, next offset) for the consumer's group; failure is no matter.

    Not waited for: librdkafka gives it no deadline while the broker is away.
    """
    parts = [TopicPartition(topic, partition, offset) for topic, partition, offset in offsets]
    if parts:
        try:
            consumer.commit(offsets=parts, asynchronous=True)
        except KafkaException as error:
            outage.note(error.args[0])


def leave(consumer: Consumer, within_s: float = CLOSE_S) -> None:
    """Close it, as far as that can be done in `within_s` seconds."""
    # It waits for commits under way, however long the broker is away.
    closing = threading.Thread(target=consumer.close, daemon=True)
    closing.start()
    closing.join(within_s)
