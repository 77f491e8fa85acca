"""What the reader of whole topics promises."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # not listed

import connectors.kafka.reader
from connectors.kafka.errors import LogTruncated
from connectors.kafka.reader import Place, Record, TopicReader, TopicReplaced
from connectors.kafka.topics import FoundTopic, find_topics


def make(bootstrap: str, name: str) -> None:
    topic = NewTopic(name, num_partitions=2, replication_factor=1)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([topic])[name].result(10)


def produce(bootstrap: str, name: str, numbers: range) -> None:
    """Even numbers to partition 0, odd ones to 1; every fifth without a key."""
    producer = Producer({"bootstrap.servers": bootstrap})
    for number in numbers:
        key = None if number % 5 == 0 else b"k"
        producer.produce(name, str(number).encode(), key=key, partition=number % 2)
    assert producer.flush(10) == 0


def read_until(reader: TopicReader, enough: Callable[[list[Record]], bool]) -> list[Record]:
    found: list[Record] = []
    deadline = time.monotonic() + 20
    while not enough(found):
        assert time.monotonic() < deadline, f"only {len(found)} records came"
        found += reader.read(100, 0.1)
    return found


@pytest.fixture
def open_reader() -> Iterator[Callable[..., TopicReader]]:
    readers: list[TopicReader] = []

    def open_one(
        bootstrap: str, topics: dict[str, FoundTopic], starts: dict[Place, int], **options: str
    ) -> TopicReader:
        readers.append(TopicReader({"bootstrap.servers": bootstrap, **options}, topics, starts))
        return readers[-1]

    yield open_one
    for reader in readers:
        reader.close()


def test_each_partition_is_read_in_order_from_where_it_is_told_to_start(
    kafka: str, open_reader: Callable[..., TopicReader]
) -> None:
    make(kafka, "reader-a")
    make(kafka, "reader-b")
    produce(kafka, "reader-a", range(20))
    produce(kafka, "reader-b", range(4))
    topics = find_topics({"bootstrap.servers": kafka}, ["reader-a", "reader-b", "missing"])
    assert {name: topic.partitions for name, topic in topics.items()} == {
        "reader-a": 2,
        "reader-b": 2,
    }
    reader = open_reader(kafka, topics, {Place("reader-a", 0): 7, Place("reader-b", 1): 0})
    found = read_until(reader, lambda found: len(found) >= 3 + 10 + 2 + 2)
    assert [r for r in found if r.place == Place("reader-a", 0)] == [
        Record(Place("reader-a", 0), 7, b"k", b"14"),
        Record(Place("reader-a", 0), 8, b"k", b"16"),
        Record(Place("reader-a", 0), 9, b"k", b"18"),
    ]
    odd = [r for r in found if r.place == Place("reader-a", 1)]
    assert [(r.offset, r.value) for r in odd] == [(n, b"%d" % (2 * n + 1)) for n in range(10)]
    assert [r.value for r in odd if r.key is None] == [b"5", b"15"]
    assert {r.value for r in found if r.place.topic == "reader-b"} == {b"0", b"1", b"2", b"3"}


# The two below do not delete a topic under a running consumer: librdkafka (2.10 to 2.16) crashes
# on what the embedded broker answers then. They tell the reader that it was another one instead.


def test_a_topic_that_was_made_again_while_it_was_read_stops_the_reader_by_name(
    kafka: str, open_reader: Callable[..., TopicReader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connectors.kafka.reader, "LOOK_S", 0.05)
    make(kafka, "reader-same")
    make(kafka, "reader-again")
    topics = find_topics({"bootstrap.servers": kafka}, ["reader-same", "reader-again"])
    reader = open_reader(kafka, topics, {})
    for _ in range(10):
        reader.read(1, 0.05)  # several looks at topics that are the same change nothing
    now = topics["reader-again"].id
    topics["reader-again"] = FoundTopic("reader-again", "before", 2, None)
    with pytest.raises(TopicReplaced, match=f"id before, got {re.escape(now)}"):
        read_until(reader, lambda _: False)


def test_a_topic_that_was_deleted_stops_the_reader_by_name(
    kafka: str, open_reader: Callable[..., TopicReader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connectors.kafka.reader, "LOOK_S", 0.05)
    reader = open_reader(kafka, {"reader-gone": FoundTopic("reader-gone", "id", 1, None)}, {})
    with pytest.raises(TopicReplaced, match=r"reader-gone: .* got no such topic"):
        read_until(reader, lambda _: False)


def test_a_topic_that_the_broker_does_not_know_is_looked_at_with_the_next_read(
    kafka: str, open_reader: Callable[..., TopicReader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connectors.kafka.reader, "LOOK_S", 3_600.0)
    reader = open_reader(
        kafka,
        {"reader-none": FoundTopic("reader-none", "id", 1, None)},
        {},
        **{"topic.metadata.propagation.max.ms": "0"},
    )
    with pytest.raises(TopicReplaced, match=r"reader-none: .* got no such topic"):
        read_until(reader, lambda _: False)


def test_a_start_that_the_log_does_not_hold_stops_the_reader_by_name(
    mock_cluster: str, open_reader: Callable[..., TopicReader]
) -> None:
    produce(mock_cluster, "truncated", range(4))
    topics = {"truncated": FoundTopic("truncated", "id", 2, None)}
    reader = open_reader(mock_cluster, topics, {Place("truncated", 1): 5_000})
    with pytest.raises(LogTruncated, match=r"truncated\[1\]: expected the log to hold"):
        read_until(reader, lambda _: False)


def test_a_broker_that_is_away_is_said_and_waited_for(
    open_reader: Callable[..., TopicReader],
) -> None:
    topics = {"away": FoundTopic("away", "id", 1, None)}
    reader = open_reader("127.0.0.1:1", topics, {})
    deadline = time.monotonic() + 20
    while reader.outage.why is None:
        assert time.monotonic() < deadline
        assert reader.read(10, 0.1) == []
    assert "127.0.0.1:1" in reader.outage.why or "down" in reader.outage.why


def test_what_the_connection_for_the_ids_says_while_kafka_is_away_is_not_kept(
    open_reader: Callable[..., TopicReader],
) -> None:
    topics = {"away": FoundTopic("away", "id", 1, None)}
    reader = open_reader("127.0.0.1:1", topics, {}, **{"reconnect.backoff.max.ms": "100"})
    admin: Any = reader._admin
    deadline = time.monotonic() + 30
    while len(admin) < 10:
        assert time.monotonic() < deadline, "it says nothing"
        time.sleep(0.01)
    reader.read(1, 0)
    assert len(admin) < 10
