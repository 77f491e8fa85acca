"""The consumer of a process's shards: from where it is told, and never past what it cannot read."""

import logging
import time
from collections.abc import Callable
from typing import cast

import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from connectors.kafka.errors import LogTruncated, Outage, gone, passes
from connectors.kafka.shard_consumer import GROUP, Record, ShardConsumer
from connectors.kafka.topics import ENRICHED

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


def until_ended(reader: ShardConsumer, place: tuple[str, int]) -> list[Record]:
    """What comes until the end of `place` is seen."""
    found: list[Record] = []
    deadline = time.monotonic() + LIMIT_S
    while place not in reader.ends:
        assert time.monotonic() < deadline
        found += reader.fetch(10, 0.05)
    return found


def test_a_shard_is_read_from_where_it_is_told_to_its_end(kafka: str) -> None:
    fill(kafka, "shard-consumer", 0, 10)
    reader = consumer(kafka, "shard-consumer")
    reader.start(0, {"shard-consumer": 4})
    records = fetched(reader, 6, limit=2)
    assert [(r.offset(), r.value()) for r in records] == [
        (n, str(n).encode()) for n in range(4, 10)
    ]
    assert until_ended(reader, ("shard-consumer", 0)) == []
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


def test_of_a_shard_that_is_given_up_no_end_is_known(kafka: str) -> None:
    fill(kafka, "shard-ended", 0, 1)
    reader = consumer(kafka, "shard-ended")
    reader.start(0, {"shard-ended": 0})
    until_ended(reader, ("shard-ended", 0))
    reader.stop(0)
    assert reader.ends == {}
    reader.close()


def test_a_shard_that_is_taken_again_can_be_held_again(kafka: str) -> None:
    fill(kafka, "shard-held", 0, 10)
    fill(kafka, "shard-held", 1, 10)
    reader = consumer(kafka, "shard-held")
    reader.start(1, {"shard-held": 0})
    for _ in range(2):
        reader.start(0, {"shard-held": 0})
        reader.hold({("shard-held", 0)})
    records = fetched(reader, 10)
    fill(kafka, "shard-held", 1, 10)  # so that one more answer of the broker has come
    assert {record.partition() for record in records + fetched(reader, 10)} == {1}
    reader.close()


@pytest.mark.parametrize("evidence", ["an offset", "a record", None])
def test_an_offset_or_an_enriched_record_is_enough_to_tell_that_a_shard_was_worked_on(
    fresh_topics: str, evidence: str | None
) -> None:
    reader = consumer(fresh_topics, "touchpoints.chat", "touchpoints.click")
    if evidence == "an offset":
        committed = TopicPartition("touchpoints.click", 1, 5)
        group = Consumer({"bootstrap.servers": fresh_topics, "group.id": GROUP})
        group.commit(offsets=[committed], asynchronous=False)
        group.close()
    elif evidence == "a record":
        fill(fresh_topics, ENRICHED, 1, 1)
    assert reader.worked_on(1) is (evidence is not None)
    assert not reader.worked_on(2)
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


class Recorder:
    """Stands in for librdkafka's consumer: what it was asked to do, in order."""

    def __init__(self, _config: object) -> None:
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., list[object]]:
        def note(*_: object, **__: object) -> list[object]:
            self.asked.append(name)
            return []

        return note


def test_the_brokers_are_met_once_and_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else the first request may be lost with the connection that librdkafka lets go of."""
    monkeypatch.setattr("connectors.kafka.shard_consumer.Consumer", Recorder)
    reader = consumer("nowhere:1", "some")
    for shard in range(3):
        reader.start(shard, {"some": 0})
    asked = cast(Recorder, reader._consumer).asked
    assert asked[0] == "list_topics"
    assert asked.count("list_topics") == 1
    assert asked.count("incremental_assign") == 3


def test_it_says_whether_a_fetch_left_something_that_had_come(kafka: str) -> None:
    fill(kafka, "left-over", 0, 30)
    reader = consumer(kafka, "left-over")
    reader.start(0, {"left-over": 0})
    assert len(fetched(reader, 1, limit=1)) == 1
    assert (reader.emptied, reader.read_bytes) == (False, 1)
    until_ended(reader, ("left-over", 0))
    assert reader.fetch(100, 0.05) == []
    assert reader.emptied
    assert reader.read_bytes >= 50
    reader.close()
