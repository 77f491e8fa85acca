"""Apache Kafka on this machine: one node, or several that replicate each other."""

import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from connectors.kafka.topics import admin_client
from flows.local.ports import LOOPBACK
from flows.local.services import ServiceError
from tests.brokers.libraries import java, libraries
from tests.brokers.server import START_S, Server, kept_port

LOG4J = """\
status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
"""


FLAGS = ("-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""A start is most of what a test sees of it: compile little, and collect on one core."""


class KafkaBroker(Server):
    """A node that is broker and controller; `flags` are Java's, without any it has 256 MB of heap.

    It makes no topic by itself. A member of a group is assigned partitions at once, and a node that
    is gone is known to be gone after a second, not nine.
    Raises MissingExtra at the first start where Java or the jars cannot be had.
    """

    cluster_id = "touchline-test-cluster"

    def __init__(
        self, folder: Path, node: int = 1, flags: Sequence[str] = FLAGS, **properties: str
    ) -> None:
        super().__init__(f"kafka{node}", folder)
        self._flags = flags
        self.node, self.controller_port = node, kept_port()
        self.peers: list[KafkaBroker] = [self]
        self._properties = {name.replace("_", "."): value for name, value in properties.items()}

    @property
    def bootstrap_servers(self) -> str:
        """host:port, as Kafka clients want it."""
        return self.address

    def admin(self) -> AdminClient:
        """A client of this node."""
        return admin_client({"bootstrap.servers": self.address})

    def properties(self) -> dict[str, str]:
        """server.properties."""
        voters = [f"{peer.node}@{LOOPBACK}:{peer.controller_port}" for peer in self.peers]
        controller = f"CONTROLLER://{LOOPBACK}:{self.controller_port}"
        copies = str(len(self.peers))
        needed = str(len(self.peers) // 2 + 1)
        return {
            "process.roles": "broker,controller",
            "node.id": str(self.node),
            "controller.quorum.voters": ",".join(voters),
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{self.address},{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.address}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": str(self.folder / "data"),
            "default.replication.factor": copies,
            "min.insync.replicas": needed,
            **dict.fromkeys(_FACTORS, copies),
            **dict.fromkeys(_LEAST, needed),
            "offsets.topic.num.partitions": "1",
            "transaction.state.log.num.partitions": "1",
            "auto.create.topics.enable": "false",
            "delete.topic.enable": "true",
            "group.initial.rebalance.delay.ms": "0",
            # A node that was killed may come back only when its session has run out.
            "broker.session.timeout.ms": "1000",
            "broker.heartbeat.interval.ms": "200",
            **self._properties,
        }

    def command(self) -> list[str]:
        """Kafka, its storage formatted first when there is none."""
        settings = self.folder / "server.properties"
        settings.write_text("".join(f"{k}={v}\n" for k, v in self.properties().items()))
        log4j = self.folder / "log4j2.properties"
        log4j.write_text(LOG4J)
        run = [
            java(),
            *self._flags,
            f"-Dlog4j2.configurationFile={log4j}",
            "-cp",
            f"{libraries()}/*",
        ]
        if not (self.folder / "data/meta.properties").exists():
            told = ["format", f"--cluster-id={self.cluster_id}", f"--config={settings}"]
            done = subprocess.run(
                [*run, "kafka.tools.StorageTool", *told],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                raise ServiceError(f"Kafka's storage was not formatted: {done.stderr[-2000:]}")
        return [*run, "kafka.Kafka", str(settings)]

    def ready(self) -> bool:
        """Whether this node is in the cluster, and every partition has a leader."""
        if not listens(self.port):
            return False
        try:
            seen = self.admin().list_topics(timeout=2)
        except KafkaException:
            return False
        partitions = [p for topic in seen.topics.values() for p in topic.partitions.values()]
        return self.node in seen.brokers and all(p.leader >= 0 for p in partitions)


_FACTORS = (
    "offsets.topic.replication.factor",
    "transaction.state.log.replication.factor",
    "share.coordinator.state.topic.replication.factor",
)
_LEAST = ("transaction.state.log.min.isr", "share.coordinator.state.topic.min.isr")


class KafkaCluster:
    """Nodes 1 to `count`, each broker and controller; a topic has a copy on each of them, and a
    write is acknowledged when more than half have it."""

    def __init__(self, folder: Path, count: int = 3) -> None:
        self.brokers = [KafkaBroker(folder / f"kafka{n}", n) for n in range(1, count + 1)]
        for broker in self.brokers:
            broker.peers = self.brokers

    @property
    def bootstrap_servers(self) -> str:
        """host:port of each, as Kafka clients want it."""
        return ",".join(broker.address for broker in self.brokers)

    def admin(self) -> AdminClient:
        """A client of all nodes."""
        return admin_client({"bootstrap.servers": self.bootstrap_servers})

    def start(self) -> None:
        """Start those that are down, all at once, and wait until every one serves."""
        for broker in self.brokers:
            if not broker.running:
                broker.launch()
        for broker in self.brokers:
            broker.wait_until_ready()

    def restore(self) -> None:
        """All up and answering, whatever a test has done to them."""
        for broker in self.brokers:
            broker.thaw()
        self.start()

    def kill(self) -> None:
        """kill -9 of all."""
        for broker in self.brokers:
            broker.kill()

    def leader(self, topic: str, partition: int = 0) -> KafkaBroker:
        """The node that leads a partition."""
        found = self.admin().list_topics(topic, timeout=10).topics[topic].partitions[partition]
        return next(broker for broker in self.brokers if broker.node == found.leader)


def forget_topics(admin: AdminClient) -> None:
    """Delete every topic and group; none is seen any more when this returns."""
    deadline = time.monotonic() + START_S
    while groups := [group.group_id for group in admin.list_consumer_groups().result(10).valid]:
        assert time.monotonic() < deadline, f"groups that do not go: {groups}"
        for future in admin.delete_consumer_groups(groups).values():
            # A member that was killed is one until its session has expired.
            if isinstance(failed := future.exception(10), KafkaException):
                assert failed.args[0].code() == KafkaError.NON_EMPTY_GROUP, failed
                time.sleep(0.1)
    asked: set[str] = set()
    while names := {name for name in admin.list_topics(timeout=10).topics if name[:2] != "__"}:
        assert time.monotonic() < deadline, f"topics that do not go: {names}"
        _done(admin.delete_topics(sorted(names - asked)) if names - asked else {})
        asked |= names
        time.sleep(0.01)


def _done(futures: "Mapping[str, Future[Any]]") -> None:
    for future in futures.values():
        future.result(10)


def listens(port: int) -> bool:
    """Whether somebody does; librdkafka waits long before it tries again where nobody did."""
    try:
        socket.create_connection((LOOPBACK, port), 1).close()
    except OSError:
        return False
    return True
