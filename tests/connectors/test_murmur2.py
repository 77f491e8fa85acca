"""Customers are placed as Java's Kafka clients place them."""

import pytest
from confluent_kafka import Message, Producer

from connectors.kafka.murmur2 import partition_of
from connectors.kafka.topics import create_topics

# Hashes of Apache Kafka's own UtilsTest.testMurmur2, as Java's signed integers.
KNOWN = {
    "21": -973932308,
    "foobar": -790332482,
    "a-little-bit-long-string": -985981536,
    "a-little-bit-longer-string": -1486304829,
    "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    "abc": 479470107,
}
PARTITIONS = 16


@pytest.mark.parametrize("key", KNOWN)
@pytest.mark.parametrize("partitions", [1, 3, 16, 1000, 2**31 - 1])
def test_a_key_goes_where_kafkas_own_hash_says(key: str, partitions: int) -> None:
    assert partition_of(key, partitions) == (KNOWN[key] & 0x7FFFFFFF) % partitions


def test_no_partitions_at_all_is_an_error() -> None:
    with pytest.raises(ValueError, match="partition_count"):
        partition_of("ana", 0)


def test_a_producer_with_this_partitioner_puts_every_customer_there(fresh_kafka: str) -> None:
    create_topics({"bootstrap.servers": fresh_kafka}, ["murmur"], PARTITIONS)
    placed: dict[bytes, int] = {}

    def note(_error: object, message: Message) -> None:
        key, partition = message.key(), message.partition()
        assert isinstance(key, bytes)
        assert partition is not None
        placed[key] = partition

    producer = Producer({"bootstrap.servers": fresh_kafka, "partitioner": "murmur2_random"})
    customers = [f"customer-{n}" for n in range(300)] + ["Ωμέγα", "☀", "a" * 256]
    for customer in customers:
        producer.produce("touchpoints.murmur", b"{}", customer, on_delivery=note)
    assert producer.flush(30) == 0
    assert placed == {c.encode(): partition_of(c, PARTITIONS) for c in customers}
