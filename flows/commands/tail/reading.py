"""Published records, each once: decoded, repeats dropped by the readers' rule, the rest counted."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from connectors.kafka.reader import Place
from connectors.kafka.reader import Record as Logged
from connectors.kafka.topics import ENRICHED
from connectors.published.record_types import read_action, read_enriched
from flows.commands.tail.selection import Record, moment_of
from state.applied import Applied


class Taken(NamedTuple):
    """A record that had not been read before, and its bytes."""

    record: Record
    value: bytes


class Intake:
    """Remembers the highest place taken of each partition: see `state.applied`."""

    def __init__(self, say: Callable[[str], object]) -> None:
        """`say` is told of the first record that cannot be read."""
        self._say = say
        self._highest: dict[Place, Applied] = {}
        self.unreadable = 0
        """Records that are not of ours, so far."""

    def take(self, logged: Iterable[Logged]) -> Iterator[Taken]:
        """What is new among `logged`, in its order."""
        for each in logged:
            if each.key is None and each.place.topic == ENRICHED:
                continue  # a plan: the flow's own
            value = each.value or b""
            try:
                record = _read(each.place, value)
            except ValueError as error:
                self._leave(each, error)
                continue
            highest = self._highest.get(each.place)
            if highest is None or record.applied > highest:
                self._highest[each.place] = record.applied
                yield Taken(record, value)

    def _leave(self, logged: Logged, error: ValueError) -> None:
        self.unreadable += 1
        if self.unreadable == 1:
            self._say(
                f"{logged.place} offset {logged.offset}: expected a record of Touchline's, got: "
                f"{error}; it is left out, and others like it are counted"
            )


def _read(place: Place, value: bytes) -> Record:
    """Raises ValueError for what no flow of ours has written there."""
    record = read_enriched(value) if place.topic == ENRICHED else read_action(value)
    if moment_of(record).tzinfo is None:
        raise ValueError("a time without an offset from UTC")
    if record.applied.shard != place.partition:
        raise ValueError(f"shard {record.applied.shard} in partition {place.partition}")
    return record
