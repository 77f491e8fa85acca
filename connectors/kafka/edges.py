"""Where partitions begin and end, and what lies at their edges.

Nothing is guaranteed for what is written meanwhile; nothing is remembered: each call asks anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # its module does not list it
from msgspec import Struct

from connectors.kafka.errors import passes
from connectors.kafka.first_contact import meet_brokers
from connectors.kafka.lone_consumer import lone_consumer
from connectors.kafka.to_end import Part, ToEnd
from connectors.kafka.topics import ANSWER_S, admin_client

ANSWERS_S = 15.0
"""How long the broker may take to tell a group's offsets, or to give a first record."""


class Edge(Struct, frozen=True):
    """What a partition holds: offsets `low` to `high` (exclusive)."""

    low: int
    high: int


def read_edges(config: Mapping[str, Any], places: Iterable[Part]) -> dict[Part, Edge]:
    """The edges of each partition. Raises KafkaException and Unread when no broker answers.

    Both are read and not only asked for: the embedded broker tells wrong ones.
    """
    told, highs = _asked(config, list(places))
    lows = true_lows(config, told)
    tail = ToEnd(config, {part: max(lows[part], highs[part] - 1) for part in lows})
    for _ in tail.batches():
        pass
    return {part: Edge(low, max(low, tail.ends[part])) for part, low in lows.items()}


def newest_values(
    config: Mapping[str, Any], topic: str, partitions: Sequence[int], most: int
) -> dict[int, list[bytes]]:
    """Partition → the values of about its last `most` records, oldest first; none when it is empty.

    Raises KafkaException and Unread when no broker answers.
    """
    if not partitions:
        return {}
    lows, highs = _asked(config, [(topic, number) for number in partitions])
    tail = ToEnd(config, {part: max(lows[part], highs[part] - most) for part in lows})
    found: dict[int, list[bytes]] = {number: [] for number in partitions}
    for batch in tail.batches():
        for message in batch:
            found[message.partition()].append(message.value() or b"")
    return found


def first_times(config: Mapping[str, Any], lows: Mapping[Part, int]) -> dict[Part, int]:
    """Partition → time of its first record from the given offset on, in ms since the epoch.

    One that has none, or whose record has no time, is left out. Raises KafkaException.
    """
    found = _first_records(config, lows)
    return {part: first.timestamp()[1] for part, first in found.items() if first.timestamp()[1] > 0}


def offsets_since(
    config: Mapping[str, Any], places: Iterable[Part], since_ms: int
) -> dict[Part, int]:
    """Partition → the offset of its first record of `since_ms` (since the epoch) or later;
    OFFSET_END where it has none. Raises KafkaException when no broker answers."""
    consumer = lone_consumer(config, "touchline-since")
    try:
        moments = [TopicPartition(*place, since_ms) for place in places]
        found = consumer.offsets_for_times(moments, timeout=ANSWER_S)
    finally:
        consumer.close()
    for each in found:
        if each.error is not None:
            raise KafkaException(each.error)
    return {(each.topic, each.partition): each.offset for each in found}


def true_lows(config: Mapping[str, Any], told: Mapping[Part, int]) -> dict[Part, int]:
    """Where each partition begins, of which the broker has `told` where. Raises KafkaException.

    One that is said to begin above 0 is read from 0: the embedded broker names a later offset at
    times, when several producers write at once, and gives what lies before it all the same. Apache
    Kafka gives nothing from before its mark.
    """
    found = _first_records(config, {part: 0 for part, low in told.items() if low > 0})
    return {**told, **{part: min(told[part], first.offset()) for part, first in found.items()}}


def _first_records(config: Mapping[str, Any], starts: Mapping[Part, int]) -> dict[Part, Any]:
    """Partition → its first record from the given offset on, or of all if that offset is gone.

    Raises KafkaException, also when the broker gives nothing.
    """
    if not starts:
        return {}
    consumer = lone_consumer(config, "touchline-first")
    found: dict[Part, Any] = {}
    left = set(starts)
    try:
        consumer.assign([TopicPartition(*part, at) for part, at in starts.items()])
        while left:
            message: Any = consumer.poll(ANSWERS_S)
            if message is None:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
            part, error = (message.topic(), message.partition()), message.error()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                if not passes(error):
                    raise KafkaException(error)
                continue
            if part in left:
                left.discard(part)
                consumer.pause([TopicPartition(*part)])
                if error is None:
                    found[part] = message
    finally:
        consumer.close()
    return found


def told_offsets(config: Mapping[str, Any], group: str, places: Iterable[Part]) -> dict[Part, int]:
    """Partition → the offset that `group` has committed; none without. Raises KafkaException."""
    parts = [TopicPartition(*part) for part in places]
    if not parts:
        return {}
    consumer = lone_consumer(config, group)
    try:
        told = consumer.committed(parts, timeout=ANSWERS_S)
    finally:
        consumer.close()
    return {(part.topic, part.partition): part.offset for part in told if part.offset >= 0}


def _asked(config: Mapping[str, Any], parts: list[Part]) -> tuple[dict[Part, int], dict[Part, int]]:
    admin = admin_client(config)
    places = [TopicPartition(*part) for part in parts]
    if not places:
        return {}, {}
    meet_brokers(admin, parts[0][0])
    specs = OffsetSpec.earliest(), OffsetSpec.latest()  # type: ignore[no-untyped-call]  # its stub leaves types out
    first, last = (
        {
            (place.topic, place.partition): answer.result().offset
            for place, answer in admin.list_offsets(
                dict.fromkeys(places, spec), request_timeout=ANSWER_S
            ).items()
        }
        for spec in specs
    )
    return first, last
