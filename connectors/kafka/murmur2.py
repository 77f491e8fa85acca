"""Which partition a customer's events belong to: what Java's Kafka clients compute."""

from confluent_kafka import murmur2


def partition_of(customer_id: str, partitions: int) -> int:
    """The partition of a record whose key is `customer_id` in UTF-8, out of `partitions`.

    The positive 32-bit Murmur2 of the key, modulo `partitions`: librdkafka's partitioner
    `murmur2_random`. Raises ValueError when `partitions` is not positive.
    """
    return murmur2(customer_id.encode(), partitions)
