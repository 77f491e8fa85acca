"""What lies in topics now: their names, and how many records each holds."""

from collections.abc import Iterable, Mapping
from typing import Any

from confluent_kafka import TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # its module does not list it

from connectors.kafka.topics import ANSWER_S, PREFIX, FoundTopic, admin_client


def names_of_ours(admin_config: Mapping[str, Any]) -> list[str]:
    """Topics with our prefix, expected or not, sorted. Raises KafkaException when no broker
    answers."""
    found = admin_client(admin_config).list_topics(timeout=ANSWER_S).topics
    return sorted(name for name in found if name.startswith(PREFIX))


def record_counts(admin_config: Mapping[str, Any], topics: Iterable[FoundTopic]) -> dict[str, int]:
    """Topic → records: the latest less the earliest offset, of all partitions together.

    An upper bound, where a topic is compacted or written in transactions; the embedded broker
    leaves out what follows the first record of a partition's last batch. Raises KafkaException
    when no broker answers.
    """
    admin = admin_client(admin_config)
    places = [TopicPartition(t.name, number) for t in topics for number in range(t.partitions)]
    counts = {place.topic: 0 for place in places}
    if not places:
        return counts
    latest, earliest = OffsetSpec.latest(), OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # its stub leaves types out
    for spec, sign in ((latest, 1), (earliest, -1)):
        asked = admin.list_offsets(dict.fromkeys(places, spec), request_timeout=ANSWER_S)
        for place, answer in asked.items():
            counts[place.topic] += sign * answer.result().offset
    return counts
