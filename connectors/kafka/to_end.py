"""Reads topics from given offsets to the end that each partition has then, and stops.

Guaranteed: every record from the start that was given to the end, in offset order within its
partition. Nothing is remembered: the next call reads again whatever it is told to.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from connectors.kafka.errors import passes
from connectors.kafka.lone_consumer import lone_consumer

BATCH = 10_000
PATIENCE_S = 30.0
"""How long the broker may give nothing before reading counts as failed."""

Part = tuple[str, int]
"""Topic and partition."""


class Unread(Exception):
    """The broker gives no more, and not all has been read; the text says of what."""


class ToEnd:
    """One pass over some partitions. `ends` is complete when `batches` has ended."""

    def __init__(self, config: Mapping[str, Any], starts: Mapping[Part, int]) -> None:
        """`starts`: next offset by partition; 0, or one that is gone, is the earliest there is."""
        self._config = config
        self._starts = starts
        self.ends: dict[Part, int] = {}
        """The offset after the last record that was read, or the start where there was none."""
        self.firsts: dict[Part, int] = {}
        """The offset of the first record that was read; a partition without any is left out."""

    def batches(self) -> Iterator[list[Any]]:
        """The records (`confluent_kafka.Message`) in batches. Raises Unread and KafkaException."""
        consumer = lone_consumer(self._config, "touchline-to-end")
        left = set(self._starts)
        try:
            # 0 as it is: asked for the beginning, the embedded broker may name a later offset.
            consumer.assign([TopicPartition(*part, at) for part, at in self._starts.items()])
            while left:
                first = consumer.poll(PATIENCE_S)
                if first is None:
                    raise Unread(f"{_named(left)}: the broker gave nothing in {PATIENCE_S:.0f} s")
                arrived: list[Any] = [first, *consumer.consume(BATCH - 1, 0)]
                records = [m for m in arrived if m.error() is None]
                for message in records:
                    part = (message.topic(), message.partition())
                    self.firsts.setdefault(part, message.offset())
                done = {end for m in arrived if (end := self._ended(m)) is not None}
                if done:
                    left -= done
                    # What goes on coming there would only be in the way of the others.
                    consumer.pause([TopicPartition(*part) for part in done])
                if wanted := [m for m in records if self._is_before_end(m)]:
                    yield wanted
        finally:
            consumer.close()

    def _ended(self, message: Any) -> Part | None:
        """The partition whose end this tells for the first time."""
        error = message.error()
        if error is None:
            return None
        if error.code() != KafkaError._PARTITION_EOF:
            if not passes(error):
                raise KafkaException(error)
            return None
        part = (message.topic(), message.partition())
        if part in self.ends:
            return None
        self.ends[part] = message.offset()
        return part

    def _is_before_end(self, message: Any) -> bool:
        """What comes behind an end that was told is of the next pass."""
        end = self.ends.get((message.topic(), message.partition()))
        return end is None or message.offset() < end


def _named(parts: set[Part]) -> str:
    shown = [f"{topic}[{partition}]" for topic, partition in sorted(parts)[:3]]
    more = f" and {len(parts) - 3} more" if len(parts) > 3 else ""
    return ", ".join(shown) + more
