"""Kafka for one run after the other, with or without a proxy before it."""

from pathlib import Path

from flows.local.ports import LOOPBACK
from tests.brokers.kafka_broker import KafkaBroker, KafkaCluster, forget_topics
from tests.brokers.server import kept_port
from tests.faults.stage.proxy import NONE, Proxy


class ProxiedKafka(KafkaBroker):
    """A node with a second listener, which clients reach through `proxy` alone; who asks at the
    first one is not in its way."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._behind = kept_port()
        self.proxy = Proxy(self._behind)

    def properties(self) -> dict[str, str]:
        """server.properties."""
        known = super().properties()
        more = {
            "listeners": f"PROXIED://{LOOPBACK}:{self._behind}",
            "advertised.listeners": f"PROXIED://{LOOPBACK}:{self.proxy.port}",
            "listener.security.protocol.map": "PROXIED:PLAINTEXT",
        }
        return known | {name: f"{known[name]},{value}" for name, value in more.items()}


class Servers:
    """Kafka is kept from one run to the next and emptied; a Redis is new each time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kafkas: dict[str, KafkaBroker | KafkaCluster] = {}

    def kafka(self, brokers: int = 1, proxied: bool = False) -> KafkaBroker | KafkaCluster:
        """Up, whatever was done to it, and without topics. Raises MissingExtra."""
        name = f"kafka-{brokers}{'-proxied' * proxied}"
        kafka = self._kafkas.get(name)
        if kafka is None:
            folder = self._folder / name
            if proxied:
                kafka = ProxiedKafka(folder)
            elif brokers == 1:
                kafka = KafkaBroker(folder)
            else:
                kafka = KafkaCluster(folder, brokers)
            self._kafkas[name] = kafka
            kafka.start()
        if isinstance(kafka, ProxiedKafka):
            kafka.proxy.trouble = NONE
        kafka.restore()
        forget_topics(kafka.admin())
        return kafka

    def kill(self) -> None:
        """End them all."""
        for kafka in self._kafkas.values():
            kafka.kill()
            if isinstance(kafka, ProxiedKafka):
                kafka.proxy.close()
