"""Which Kafka a measurement gets: the embedded one, or Apache Kafka on this machine."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Protocol

from confluent_kafka import Consumer, Producer, TopicPartition

from connectors.kafka.errors import QUIET
from connectors.kafka.topics import channel_topic, create_topics
from flows.local.services import MissingExtra, start_kafka
from flows.settings import Settings
from tests.brokers.kafka_broker import KafkaBroker, forget_topics

WARM_UP_RATE = 2_000
"""Events a second meanwhile."""
FLAGS = ("-Xms1g", "-Xmx1g", "-XX:+UseZGC")
"""In the memory of its own start script, with the collector that hardly pauses. With the script's
G1 it stood still for 3 to 30 ms, once in 0.8 s at 1,000 events/s, and whatever waited with it."""


class HasPid(Protocol):
    """A process."""

    @property
    def pid(self) -> int:
        """Its id."""


class Kafka(Protocol):
    """A running broker without topics."""

    @property
    def bootstrap_servers(self) -> str:
        """host:port."""

    @property
    def process(self) -> HasPid:
        """What it runs as."""


class Brokers(Protocol):
    """Where each measurement gets its broker."""

    def fresh(self, folder: Path) -> AbstractContextManager[Kafka]:
        """A broker without topics. Raises ServiceError."""


class Embedded:
    """A new one for each measurement, in memory."""

    @contextmanager
    def fresh(self, folder: Path) -> Iterator[Kafka]:
        """A broker without topics. Raises ServiceError."""
        kafka = start_kafka(folder)
        try:
            yield kafka
        finally:
            kafka.stop(0)


class Apache:
    """One for the whole run, since a Java program that has just begun is slow; emptied each time.

    It is given some work before the first measurement, until most of what it does is compiled.
    """

    def __init__(self, folder: Path, warm_up_s: float) -> None:
        self._broker = KafkaBroker(folder, flags=FLAGS)
        self._warm_up_s = warm_up_s

    @contextmanager
    def fresh(self, folder: Path) -> Iterator[Kafka]:
        """The broker without topics; `folder` is not used. Raises ServiceError.

        Raises RuntimeError where Java or Maven is missing: the other measurements need neither.
        """
        if not self._broker.running:
            try:
                self._broker.start()
            except MissingExtra as missing:
                raise RuntimeError(str(missing)) from None
            _warm_up(self._broker.bootstrap_servers, self._warm_up_s)
        forget_topics(self._broker.admin())
        yield self._broker

    def close(self) -> None:
        """End it."""
        self._broker.kill()


def _warm_up(bootstrap_servers: str, for_s: float) -> None:
    """Write and read what a measurement does, for so many seconds."""
    settings = Settings()
    config = {**QUIET, "bootstrap.servers": bootstrap_servers}
    create_topics(config, settings.channels, settings.partitions)
    topic = channel_topic(settings.channels[0])
    producer = Producer({**config, "linger.ms": 0, "enable.idempotence": True})
    consumer = Consumer({**config, "group.id": "warm-up", "fetch.wait.max.ms": 20})
    consumer.assign([TopicPartition(topic, n, 0) for n in range(settings.partitions)])
    began = time.monotonic()
    for number in range(int(for_s * WARM_UP_RATE)):
        producer.produce(topic, b"x" * 500, partition=number % settings.partitions)
        producer.poll(0)
        consumer.poll(0)
        time.sleep(max(began + number / WARM_UP_RATE - time.monotonic(), 0))
    producer.flush()
    consumer.close()


_EMBEDDED = Embedded()
_brokers: ContextVar[Brokers] = ContextVar("brokers", default=_EMBEDDED)


def brokers() -> Brokers:
    """Those that are measured on now."""
    return _brokers.get()


@contextmanager
def apache(warm_up_s: float) -> Iterator[None]:
    """Measure on Apache Kafka inside, once it has worked for `warm_up_s`."""
    with tempfile.TemporaryDirectory(prefix="touchline-bench-kafka-") as folder:
        found = Apache(Path(folder), warm_up_s)
        before = _brokers.set(found)
        try:
            yield
        finally:
            found.close()
            _brokers.reset(before)
