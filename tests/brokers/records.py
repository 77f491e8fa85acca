"""Records for tests of brokers: written with every acknowledgement, read back to the end."""

from collections.abc import Iterable

from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its module does not list them
    AdminClient,
    NewTopic,
)

from connectors.kafka.errors import QUIET
from connectors.kafka.in_turn import IN_TURN


def make_topic(admin: AdminClient, name: str, partitions: int = 1) -> None:
    """A topic with as many copies as the brokers keep by themselves; there when this returns."""
    admin.create_topics([NewTopic(name, partitions)])[name].result(20)


def write(
    bootstrap_servers: str, topic: str, values: Iterable[bytes], limit_s: float = 30
) -> set[bytes]:
    """Write into partition 0, idempotently; the values that were acknowledged within `limit_s`."""
    acknowledged: set[bytes] = set()

    def heard(error: KafkaError | None, message: Message) -> None:
        if error is None:
            acknowledged.add(message.value() or b"")

    limits = {"message.timeout.ms": int(limit_s * 1000), **IN_TURN}
    producer = Producer({**QUIET, "bootstrap.servers": bootstrap_servers, **limits})
    for value in values:
        producer.produce(topic, value, partition=0, on_delivery=heard)
    producer.flush(limit_s + 5)
    return acknowledged


def read(bootstrap_servers: str, topic: str) -> list[bytes]:
    """All of partition 0, in order."""
    own = {"group.id": "reader", "enable.partition.eof": True, "enable.auto.commit": False}
    consumer = Consumer({**QUIET, "bootstrap.servers": bootstrap_servers, **own})
    consumer.assign([TopicPartition(topic, 0, 0)])
    found: list[bytes] = []
    try:
        while True:
            message = consumer.poll(20)
            assert message is not None, f"{topic} cannot be read to its end"
            error = message.error()
            if error is None:
                found.append(message.value() or b"")
            elif error.code() == KafkaError._PARTITION_EOF:
                return found
    finally:
        consumer.close()
