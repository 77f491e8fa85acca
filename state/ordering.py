"""The one order in which a flush applies its input, and the checksum that pins it."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Protocol, TypeVar


class Logged(Protocol):
    """A record of a log: confluent_kafka.Message has this shape."""

    def timestamp(self) -> tuple[int, int]:
        """(kind, milliseconds since the epoch)."""
        ...

    def value(self) -> bytes | None:
        """The record's value, None for a tombstone."""
        ...


L = TypeVar("L", bound=Logged)


def in_order(runs: Mapping[str, Sequence[L]], up_to_ms: int | None = None) -> list[L]:
    """All records as one list, by (running maximum timestamp within the topic, topic, offset).

    `runs`: topic → its records in offset order. `up_to_ms`: without those of which that maximum is
    above it. A function of the set of records alone, however they arrived. The running maximum
    instead of the timestamp itself keeps each topic in offset order when its clocks go back.
    """
    if len(runs) == 1 and up_to_ms is None:
        return list(next(iter(runs.values())))
    keyed: list[tuple[int, L]] = []
    for topic in sorted(runs):
        highest = 0
        for record in runs[topic]:
            stamp = record.timestamp()[1]
            if stamp > highest:
                highest = stamp
                if up_to_ms is not None and stamp > up_to_ms:
                    break
            keyed.append((highest, record))
    keyed.sort(key=itemgetter(0))  # stable: what is equal stays by topic, then offset
    return [record for _, record in keyed]


def received_up_to(run: Iterable[Logged]) -> int:
    """The highest timestamp of a run, in milliseconds since the epoch: what follows is taken to
    have come no sooner."""
    return max([record.timestamp()[1] for record in run])


def checksum(records: Iterable[Logged], marks: Iterable[bytes] = ()) -> int:
    """CRC-32 over the values in order; with the count it tells other input from the planned one.

    `marks`: what of some records decides beside their values, in order.
    """
    found = zlib.crc32(b"".join([record.value() or b"" for record in records]))
    for mark in marks:
        found = zlib.crc32(mark, found)
    return found
