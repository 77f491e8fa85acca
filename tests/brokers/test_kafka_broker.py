"""Apache Kafka as tests break it: what it keeps and when it answers."""

import pytest
from confluent_kafka import KafkaException

from flows.local.services import MissingExtra, ServiceError
from tests.brokers.kafka_broker import KafkaBroker, KafkaCluster, forget_topics
from tests.brokers.libraries import java, libraries
from tests.brokers.records import make_topic, read, write
from tests.services import had

VALUES = [b"%d" % number for number in range(500)]


def test_records_survive_kill_9_and_a_restart(real_kafka: KafkaBroker) -> None:
    make_topic(real_kafka.admin(), "kept")
    before = real_kafka.pid, real_kafka.bootstrap_servers
    assert write(real_kafka.bootstrap_servers, "kept", VALUES) == set(VALUES)
    real_kafka.kill()
    assert not real_kafka.running
    real_kafka.restart()
    assert real_kafka.pid != before[0]
    assert real_kafka.bootstrap_servers == before[1]
    assert read(real_kafka.bootstrap_servers, "kept") == VALUES


def test_records_survive_an_orderly_restart(real_kafka: KafkaBroker) -> None:
    make_topic(real_kafka.admin(), "kept")
    write(real_kafka.bootstrap_servers, "kept", VALUES)
    assert real_kafka.stop() == 128 + 15  # as Java ends at SIGTERM, its hooks done
    real_kafka.restart()
    assert read(real_kafka.bootstrap_servers, "kept") == VALUES


def test_a_frozen_broker_gives_no_answer_and_goes_on_after_thawing(real_kafka: KafkaBroker) -> None:
    make_topic(real_kafka.admin(), "slow")
    real_kafka.freeze()
    assert real_kafka.running
    with pytest.raises(KafkaException):
        real_kafka.admin().list_topics(timeout=1)
    assert write(real_kafka.bootstrap_servers, "slow", VALUES, limit_s=1) == set()
    real_kafka.thaw()
    assert write(real_kafka.bootstrap_servers, "slow", [b"again"]) == {b"again"}
    assert b"again" in read(real_kafka.bootstrap_servers, "slow")


def test_a_topic_is_not_seen_any_more_once_it_is_forgotten(real_kafka: KafkaBroker) -> None:
    make_topic(real_kafka.admin(), "one", partitions=4)
    write(real_kafka.bootstrap_servers, "one", VALUES)
    forget_topics(real_kafka.admin())
    make_topic(real_kafka.admin(), "one")
    assert read(real_kafka.bootstrap_servers, "one") == []


def test_no_topic_comes_into_being_by_being_written_to(real_kafka: KafkaBroker) -> None:
    assert write(real_kafka.bootstrap_servers, "mistyped", [b"x"], limit_s=2) == set()
    assert "mistyped" not in real_kafka.admin().list_topics(timeout=10).topics


def test_a_leader_s_death_loses_nothing_acknowledged(three_brokers: KafkaCluster) -> None:
    make_topic(three_brokers.admin(), "copied")
    first = write(three_brokers.bootstrap_servers, "copied", VALUES)
    assert first == set(VALUES)
    leader = three_brokers.leader("copied")
    leader.kill()
    more = [b"after-%d" % number for number in range(100)]
    assert write(three_brokers.bootstrap_servers, "copied", more) == set(more)
    assert three_brokers.leader("copied") is not leader
    assert read(three_brokers.bootstrap_servers, "copied") == [*VALUES, *more]
    leader.restart()
    assert three_brokers.admin().list_topics(timeout=10).brokers.keys() == {1, 2, 3}


def test_without_a_majority_nothing_is_acknowledged(three_brokers: KafkaCluster) -> None:
    make_topic(three_brokers.admin(), "copied")
    first, second, third = three_brokers.brokers
    first.kill()
    second.freeze()
    assert write(third.bootstrap_servers, "copied", VALUES, limit_s=2) == set()


def test_a_broker_that_does_not_start_is_told_of_with_what_it_said(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    had(libraries)
    had(java)
    wrong = KafkaBroker(tmp_path_factory.mktemp("wrong"), message_max_bytes="many")
    with pytest.raises(ServiceError, match="Invalid value many"):
        wrong.start()
    assert not wrong.running


def test_a_machine_without_java_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingExtra, match="Debian has it in `default-jre-headless`"):
        java()
