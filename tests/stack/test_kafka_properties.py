"""What the apache/kafka image makes of the environment, and what a broker makes of that.

The broker is the tests' own and of a later version than the image, on loopback.
"""

import functools
import re
from collections.abc import Iterator

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its module does not list them
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from connectors.kafka.topics import admin_client
from flows.local.ports import LOOPBACK
from tests.brokers.kafka_broker import KafkaBroker
from tests.brokers.server import kept_port
from tests.services import had_running
from tests.stack.compose import SERVICES, services

KAFKA = SERVICES["kafka"]

NOT_PROPERTIES = {"KAFKA_HEAP_OPTS"}
"""Of those that the image keeps out of server.properties, the ones used here."""


def properties(environment: dict[str, object]) -> dict[str, str]:
    """server.properties as the image writes it: KAFKA_A_B is a.b, two underscores one, three a
    hyphen."""
    return {
        name.removeprefix("KAFKA_")
        .lower()
        .replace("_", ".")
        .replace("...", "-")
        .replace("..", "_"): str(value)
        for name, value in environment.items()
        if name.startswith("KAFKA_") and name not in NOT_PROPERTIES
    }


PROPERTIES = properties(KAFKA["environment"])
ADDRESSES = ("listeners", "advertised.listeners", "controller.quorum.voters")


def pairs(name: str, separator: str = "://") -> dict[str, str]:
    """A list of listeners: name → address."""
    return dict(item.split(separator, 1) for item in PROPERTIES[name].split(","))


class InTheStack(KafkaBroker):
    """A node with exactly the stack's properties, but for hosts, ports and the folder."""

    cluster_id = KAFKA["environment"]["CLUSTER_ID"]

    def properties(self) -> dict[str, str]:
        """The stack's, at home here."""
        here = {
            ":19092": f":{self.port}",
            ":9092": f":{self.outside}",
            ":9093": f":{self.controller_port}",
        }
        hosts = {"://:": f"://{LOOPBACK}:", "kafka:": f"{LOOPBACK}:", "localhost:": f"{LOOPBACK}:"}
        told = dict(PROPERTIES)
        for name in ADDRESSES:
            for there, replaced in {**here, **hosts}.items():
                told[name] = told[name].replace(there, replaced)
        return {**told, "log.dirs": str(self.folder / "data")}

    @functools.cached_property
    def outside(self) -> int:
        """Where this machine finds it."""
        return kept_port()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InTheStack]:
    with had_running(InTheStack(tmp_path_factory.mktemp("kafka"))) as made:
        yield made


def test_every_variable_becomes_a_property_that_kafka_knows(broker: InTheStack) -> None:
    admin, node = broker.admin(), ConfigResource(ResourceType.BROKER, PROPERTIES["node.id"])
    found: dict[str, ConfigEntry] = admin.describe_configs([node])[node].result(10)
    # A name that Kafka does not know might be a secret: its value is not told.
    assert {name: found[name].value for name in PROPERTIES} == broker.properties()


def test_the_cluster_has_the_id_it_is_given(broker: InTheStack) -> None:
    admin = broker.admin()
    assert admin.list_topics(timeout=10).cluster_id == KAFKA["environment"]["CLUSTER_ID"]


def test_each_side_is_sent_to_its_own_listener(broker: InTheStack) -> None:
    for port in (broker.port, broker.outside):
        client = admin_client({"bootstrap.servers": f"{LOOPBACK}:{port}"})
        (node,) = client.list_topics(timeout=10).brokers.values()
        assert f"{node.host}:{node.port}" == f"{LOOPBACK}:{port}"


def test_one_node_is_broker_and_controller_and_finds_itself() -> None:
    assert PROPERTIES["process.roles"].split(",") == ["broker", "controller"]
    node, _, address = PROPERTIES["controller.quorum.voters"].partition("@")
    assert node == PROPERTIES["node.id"]
    assert pairs("listeners")[PROPERTIES["controller.listener.names"]] == address


def test_every_listener_has_a_protocol_and_those_for_clients_an_address() -> None:
    controller = PROPERTIES["controller.listener.names"]
    listeners = pairs("listeners")
    assert listeners.keys() == pairs("listener.security.protocol.map", ":").keys()
    advertised = pairs("advertised.listeners")
    assert advertised.keys() == listeners.keys() - {controller}
    assert PROPERTIES["inter.broker.listener.name"] in advertised
    ports = [address.rpartition(":")[2] for address in listeners.values()]
    assert len(set(ports)) == len(ports)


def test_who_is_inside_and_who_is_on_this_machine_is_sent_where_the_listener_is() -> None:
    listeners, advertised = pairs("listeners"), pairs("advertised.listeners")
    assert advertised["INSIDE"] == f"kafka{listeners['INSIDE']}"
    (published,) = KAFKA["ports"]
    host, port, inside = published.split(":")
    assert advertised["OUTSIDE"] == f"{host}:{port}"
    assert listeners["OUTSIDE"] == f":{inside}"


def test_one_broker_has_one_replica_of_everything_and_makes_no_topic_by_itself() -> None:
    for name in PROPERTIES:
        if name.endswith(("replication.factor", "min.isr")):
            assert PROPERTIES[name] == "1", name
    assert PROPERTIES["auto.create.topics.enable"] == "false"


def test_records_are_written_into_the_volume() -> None:
    assert KAFKA["volumes"] == [f"kafka:{PROPERTIES['log.dirs']}"]


def test_the_heap_is_what_is_asked_for_and_the_health_check_takes_less() -> None:
    told = services({"KAFKA_HEAP": "2g"})["kafka"]["environment"]["KAFKA_HEAP_OPTS"]
    assert told == "-Xms2g -Xmx2g"
    test = KAFKA["healthcheck"]["test"]
    assert test[:3] == ["CMD", "env", "KAFKA_HEAP_OPTS=-Xmx128m"]
    assert re.fullmatch(r"/opt/kafka/bin/[\w-]+\.sh", test[3])
    assert test[-2:] == ["--bootstrap-server", pairs("advertised.listeners")["INSIDE"]]


def test_records_stay_as_long_as_is_asked_for() -> None:
    told = properties(services({"KAFKA_RETENTION_HOURS": "24"})["kafka"]["environment"])
    assert told["log.retention.hours"] == "24"
