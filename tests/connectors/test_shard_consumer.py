"""The consumer of a process's shards: from where it is told, and never past what it cannot read."""

import logging
import time

import pytest
from confluent_kafka import KafkaError, Producer

from connectors.kafka.errors import LogTruncated, Outage, gone, passes
from connectors.kafka.shard_consumer import Record, ShardConsumer

LIMIT_S = 20


def consumer(servers: str, *topics: str) -> ShardConsumer:
    outage = Outage(logging.getLogger("test"))
    return ShardConsumer({"bootstrap.servers": servers}, topics, outage)


def fill(servers: str, topic: str, partition: int, count: int) -> None:
    producer = Producer({"bootstrap.servers": servers})
    for number in range(count):
        producer.produce(topic, str(number), partition=partition)
    assert producer.flush(10) == 0


def fetched(reader: ShardConsumer, count: int, limit: int = 100) -> list[Record]:
    found: list[Record] = []
    deadline = time.monotonic() + LIMIT_S
    while len(found) < count:
        assert time.monotonic() < deadline, f"{len(found)} of {count} records came"
        batch = reader.fetch(limit, 0.05)
        assert len(batch) <= limit
        found += batch
    return found


def test_a_shard_is_read_from_where_it_is_told_to_its_end(kafka: str) -> None:
    fill(kafka, "shard-consumer", 0, 10)
    reader = consumer(kafka, "shard-consumer")
    reader.start(0, {"shard-consumer": 4})
    records = fetched(reader, 6, limit=2)
    assert [(r.offset(), r.value()) for r in records] == [
        (n, str(n).encode()) for n in range(4, 10)
    ]
    deadline = time.monotonic() + LIMIT_S
    while ("shard-consumer", 0) not in reader.ends:
        assert time.monotonic() < deadline
        assert reader.fetch(10, 0.05) == []
    assert reader.ends["shard-consumer", 0] == 10
    reader.close()


def test_a_shard_that_is_given_up_and_taken_again_begins_where_it_is_told_then(kafka: str) -> None:
    fill(kafka, "shard-again", 0, 10)
    reader = consumer(kafka, "shard-again")
    reader.start(0, {"shard-again": 0})
    fetched(reader, 1, limit=1)
    reader.hold({("shard-again", 0)})
    reader.stop(0)
    assert reader.ends == {}
    reader.start(0, {"shard-again": 7})
    assert [record.offset() for record in fetched(reader, 3)] == [7, 8, 9]
    reader.close()


def test_a_position_that_the_log_does_not_hold_stops_it_by_name(mock_cluster: str) -> None:
    fill(mock_cluster, "shard-gone", 1, 4)
    reader = consumer(mock_cluster, "shard-gone")
    reader.start(1, {"shard-gone": 5_000})
    with pytest.raises(LogTruncated, match=r"shard-gone\[1\]: expected the log to hold"):
        fetched(reader, 1)
    reader.close()


def test_what_cannot_be_read_is_never_passed_over() -> None:
    """Whatever librdkafka says of a batch that is damaged, it would go on after it."""
    stops = (KafkaError._BAD_MSG, KafkaError._BAD_COMPRESSION, KafkaError._NOT_IMPLEMENTED)
    assert not any(passes(KafkaError(code)) for code in stops)
    assert not passes(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))
    assert passes(KafkaError(KafkaError._TRANSPORT))
    assert passes(KafkaError(KafkaError._ALL_BROKERS_DOWN))
    assert gone(KafkaError(KafkaError.OFFSET_OUT_OF_RANGE))
    assert not gone(KafkaError(KafkaError._TRANSPORT))


def test_an_outage_is_said_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    told: list[bool] = []
    outage = Outage(logging.getLogger("outage"), told.append)
    with caplog.at_level(logging.INFO, logger="outage"):
        outage.note(KafkaError(KafkaError._TRANSPORT))  # one connection of many
        assert caplog.records == []
        for _ in range(3):
            outage.note(KafkaError(KafkaError._ALL_BROKERS_DOWN))
        for _ in range(3):
            outage.end()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert told == [False, True]
