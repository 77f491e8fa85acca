"""What a worker may meet and no test can bring about from outside at a chosen instant.

Each takes hold of the boundary to Kafka, Redis or the clock, where the protocol has no say: nothing
here is a part of it.
"""

import time as real_time
from collections.abc import Callable, Iterable
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

from connectors.kafka.shard_consumer import Record, ShardConsumer
from flows.broadcast.broadcaster import Broadcaster
from flows.processor import intake, topic_watch
from state.store.wire import Wire
from tests.faults.failpoints import poison
from tests.faults.mutants.patching import put
from tests.faults.mutants.sleep import halt

CLOCK_BEHIND_NS = 60 * 1_000_000_000
Arranged = Callable[[list[Record]], Iterable[Record]]


def _backlog(arranged: Arranged) -> Callable[[], None]:
    """All that the topics hold arrives at once: what a flush takes hangs on its size alone."""

    def begin() -> None:
        original = ShardConsumer.fetch

        def fetch(consumer: Any, limit: int, wait_s: float) -> list[Record]:
            found = original(consumer, limit, wait_s)
            deadline = real_time.monotonic() + 10
            while not _at_ends(consumer) and real_time.monotonic() < deadline:
                found += original(consumer, limit, wait_s)
            return list(arranged(sorted(found, key=lambda r: (r.topic(), r.offset()))))

        put(ShardConsumer, "fetch", fetch)

    return begin


def _at_ends(consumer: Any) -> bool:
    assigned = {(part.topic, part.partition) for part in consumer._consumer.assignment()}
    return bool(assigned <= consumer.ends.keys())


def _backwards(records: list[Record]) -> list[Record]:
    """The topics the other way round; the order within each is Kafka's promise."""
    return sorted(records, key=lambda record: record.topic(), reverse=True)


class Altered:
    """A record whose value is not what it was."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def __getattr__(self, name: str) -> Any:
        return getattr(self._record, name)

    def value(self) -> bytes | None:
        """Blanks in front change nothing but the bytes."""
        return b" " + (self._record.value() or b"")


def _altered(records: list[Record]) -> Iterable[Record]:
    return [cast(Record, Altered(record)) for record in records]


def _between_exec_and_watch() -> None:
    """The third transaction arrives at Redis in two parts, with a sleep between."""
    original, left = Wire.send, [3]

    def send(wire: Wire, *commands: Any) -> None:
        if commands[0] == ("MULTI",):
            left[0] -= 1
            if left[0] == 0:
                original(wire, *commands[:-2])
                halt("between EXEC and WATCH")
                original(wire, *commands[-2:])
                return
        original(wire, *commands)

    put(Wire, "send", send)


def _between_watch_and_exec() -> None:
    """A sleep in the middle of taking the shard: the fence is read and not yet written."""
    original, left = Wire.call, [1]

    def call(wire: Wire, *commands: Any) -> list[Any]:
        answers = original(wire, *commands)
        if commands[0][0] == "WATCH":
            left[0] -= 1
            if left[0] == 0:
                halt("between WATCH and EXEC")
        return answers

    put(Wire, "call", call)


def _clock_behind() -> None:
    """The machine's clock is a minute behind the last owner's."""
    behind = {**vars(real_time), "time_ns": lambda: real_time.time_ns() - CLOCK_BEHIND_NS}
    put(intake, "time", SimpleNamespace(**behind))


def _often() -> None:
    """The topics' ids are asked for five times a second."""
    put(topic_watch, "EVERY_S", 0.2)


def _nobody_tells() -> None:
    """Shard 0's owner adds nothing up: what a scene says is all that shards are told."""
    put(Broadcaster, "run", lambda broadcaster: None)


CIRCUMSTANCES: dict[str, Callable[[], None]] = {
    "whole backlog": _backlog(lambda records: records),
    "whole backlog, other topics first": _backlog(_backwards),
    "whole backlog, other bytes": _backlog(_altered),
    "asleep between EXEC and WATCH": _between_exec_and_watch,
    "asleep between WATCH and EXEC": _between_watch_and_exec,
    "clock behind": _clock_behind,
    "topic ids asked for often": _often,
    "nobody tells": _nobody_tells,
    "one event in four cannot be decided": partial(poison, 4),
}
