"""Dead letters as they lie in their topic, each once."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from connectors.kafka.to_end import ToEnd
from connectors.kafka.topics import DEAD_LETTER, PREFIX, FoundTopic
from connectors.published.record_types import DeadLetterRecord, read_dead_letter
from state.applied import Applied

Tell = Callable[[str, int], None]


class Letter(NamedTuple):
    """A dead letter, and where it lies."""

    partition: int
    offset: int
    record: DeadLetterRecord

    @property
    def place(self) -> str:
        """`3@41`: its partition and offset."""
        return f"{self.partition}@{self.offset}"

    @property
    def origin(self) -> str:
        """Where the event came from: `touchpoints.click[3]@4711`."""
        return f"{self.record.topic}[{self.record.partition}]@{self.record.offset}"

    @property
    def channel(self) -> str:
        """The origin's."""
        return self.record.topic.removeprefix(PREFIX)

    def mark(self, topic_id: str) -> bytes:
        """What names it for good, in a dead-letter topic with this id.

        By its place in the shard's history and not by its offset: a copy that a crash has made is
        the same letter, also once the first copy has gone with the topic's retention.
        """
        at = self.record.applied
        return f"{topic_id}/{self.partition}/{at.generation}.{at.commit}.{at.index}".encode()


class Letters:
    """Reads the dead-letter topic to the end that each partition has when it comes there."""

    def __init__(self, config: Mapping[str, Any], topic: FoundTopic, tell: Tell) -> None:
        self._config = config
        self._topic = topic
        self._tell = tell
        self._highest: dict[int, Applied] = {}
        self.unreadable = 0
        """Records that no flow of ours has written there, so far."""

    def all(self) -> Iterator[Letter]:
        """Each once: of what a crash has repeated the first. Raises Unread and KafkaException."""
        self._highest.clear()
        starts = {(DEAD_LETTER, number): 0 for number in range(self._topic.partitions)}
        read = 0
        for batch in ToEnd(self._config, starts).batches():
            for message in batch:
                try:
                    record = read_dead_letter(message.value() or b"")
                except ValueError:
                    self.unreadable += 1
                    continue
                if self._is_new(message.partition(), record.applied):
                    yield Letter(message.partition(), message.offset(), record)
            read += len(batch)
            self._tell("dead letters", read)

    def at(self, places: Mapping[int, set[int]]) -> Iterator[Letter]:
        """Those at these offsets of each partition, which `all` has found there."""
        left = sum(map(len, places.values()))
        starts = {(DEAD_LETTER, number): min(at) for number, at in places.items()}
        if not left:
            return
        for batch in ToEnd(self._config, starts).batches():
            for message in batch:
                if message.offset() in places[message.partition()]:
                    left -= 1
                    record = read_dead_letter(message.value() or b"")
                    yield Letter(message.partition(), message.offset(), record)
            if not left:
                return

    def _is_new(self, partition: int, applied: Applied) -> bool:
        """See `state.applied`."""
        highest = self._highest.get(partition)
        if highest is not None and applied <= highest:
            return False
        self._highest[partition] = applied
        return True
