"""What the apache/kafka image makes of the environment, as far as no broker of its own can say."""

import base64
import re

from tests.stack.compose import SERVICES, services

KAFKA = SERVICES["kafka"]

NOT_PROPERTIES = {"KAFKA_HEAP_OPTS"}
"""Of those that the image keeps out of server.properties, the ones used here."""

# https://kafka.apache.org/41/configuration/broker-configs/
DOCUMENTED = {
    "advertised.listeners",
    "auto.create.topics.enable",
    "controller.listener.names",
    "controller.quorum.voters",
    "group.initial.rebalance.delay.ms",
    "inter.broker.listener.name",
    "listener.security.protocol.map",
    "listeners",
    "log.dirs",
    "log.retention.hours",
    "node.id",
    "offsets.topic.replication.factor",
    "process.roles",
    "transaction.state.log.min.isr",
    "transaction.state.log.replication.factor",
}


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


def pairs(name: str, separator: str = "://") -> dict[str, str]:
    """A list of listeners: name → address."""
    return dict(item.split(separator, 1) for item in PROPERTIES[name].split(","))


def test_every_variable_becomes_a_property_that_kafka_knows() -> None:
    assert PROPERTIES.keys() == DOCUMENTED


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
    for name in DOCUMENTED:
        if name.endswith(("replication.factor", "min.isr")):
            assert PROPERTIES[name] == "1", name
    assert PROPERTIES["auto.create.topics.enable"] == "false"


def test_records_are_written_into_the_volume() -> None:
    assert KAFKA["volumes"] == [f"kafka:{PROPERTIES['log.dirs']}"]


def test_a_cluster_s_id_is_what_kafka_takes_for_one() -> None:
    given = KAFKA["environment"]["CLUSTER_ID"]
    assert len(given) == 22  # 16 bytes in base64 for addresses, without padding
    assert len(base64.b64decode(f"{given}==", altchars=b"-_", validate=True)) == 16


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
