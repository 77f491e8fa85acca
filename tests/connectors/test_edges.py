"""Where a partition begins: what the broker says, and what it gives when that is tried."""

from typing import Any

import pytest
from confluent_kafka import KafkaException, TopicPartition

from connectors.kafka import edges
from connectors.kafka.edges import read_edges, true_lows
from connectors.kafka.shard_consumer import ShardConsumer
from flows.local.ports import LOOPBACK, loopback_port
from tests.brokers.kafka_broker import KafkaBroker
from tests.brokers.records import make_topic
from tests.connectors.test_shard_consumer import consumer, fill

TOPIC = "edges"


def config(servers: str) -> dict[str, str]:
    return {"bootstrap.servers": servers}


def test_a_partition_begins_at_0_when_that_record_is_given_whatever_was_told(
    fresh_kafka: str,
) -> None:
    fill(fresh_kafka, TOPIC, 0, 5)
    assert true_lows(config(fresh_kafka), {(TOPIC, 0): 3}) == {(TOPIC, 0): 0}


def test_a_mark_of_an_empty_partition_is_believed(fresh_kafka: str) -> None:
    fill(fresh_kafka, TOPIC, 1, 1)  # which makes the topic
    assert true_lows(config(fresh_kafka), {(TOPIC, 0): 3, (TOPIC, 1): 0}) == {
        (TOPIC, 0): 3,
        (TOPIC, 1): 0,
    }


def test_a_broker_that_gives_nothing_has_not_said_where_a_partition_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(edges, "ANSWERS_S", 0.1)
    nobody = config(f"{LOOPBACK}:{loopback_port(0, 'no option')}")
    assert true_lows(nobody, {(TOPIC, 0): 0}) == {(TOPIC, 0): 0}
    with pytest.raises(KafkaException):
        true_lows(nobody, {(TOPIC, 0): 3})


def test_what_was_deleted_is_gone_although_it_is_tried(real_kafka: KafkaBroker) -> None:
    servers = real_kafka.bootstrap_servers
    admin = real_kafka.admin()
    make_topic(admin, TOPIC, 2)
    fill(servers, TOPIC, 0, 5)
    fill(servers, TOPIC, 1, 5)
    cut = [TopicPartition(TOPIC, 0, 2), TopicPartition(TOPIC, 1, 5)]
    for future in admin.delete_records(cut).values():
        future.result(20)
    found = read_edges(config(servers), [(TOPIC, 0), (TOPIC, 1)])
    assert [(edge.low, edge.high) for edge in found.values()] == [(2, 5), (5, 5)]
    reader = consumer(servers, TOPIC)
    assert [reader.earliest(shard) for shard in (0, 1)] == [{TOPIC: 2}, {TOPIC: 5}]
    reader.close()


def test_a_new_shard_begins_with_its_first_record_though_the_broker_names_a_later_one(
    fresh_kafka: str,
) -> None:
    fill(fresh_kafka, TOPIC, 0, 5)
    reader: Any = consumer(fresh_kafka, TOPIC)
    asked, reader._consumer = reader._consumer, Mistaken()
    assert ShardConsumer.earliest(reader, 0) == {TOPIC: 0}
    asked.close()


class Mistaken:
    """A consumer whose broker says that a partition begins later than it does."""

    def get_watermark_offsets(self, *_: Any, **__: Any) -> tuple[int, int]:
        return 3, 5
