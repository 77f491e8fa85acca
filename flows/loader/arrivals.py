"""What one poll brought, as it becomes rows: decode and accept, both without I/O or clock."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from msgspec import Struct, field

from connectors.kafka.reader import Place, Record
from connectors.warehouse.tables import Row

Read = Callable[[Place, bytes], Row]


class Poll(NamedTuple):
    """An item of the stream: whatever has come since the one before, often nothing."""

    at_s: float
    """When it was read, in seconds of a monotonic clock: the flow's only notion of time."""
    records: list[Record]


class NotOurs(NamedTuple):
    """A record that is no row, and why."""

    place: Place
    offset: int
    reason: str


class Arrivals(Struct, eq=False):
    """A poll's records as rows."""

    at_s: float
    rows: list[Row]
    """In offset order within a place."""
    offsets: dict[Place, int]
    """The offset after the last record that was looked at."""
    not_ours: list[NotOurs]
    repeats: list[Row] = field(default_factory=list)
    """What had been accepted before."""


def decode(readers: Mapping[str, Read], poll: Poll) -> Arrivals:
    """Records → rows. `readers`: by topic. A record without a key is a plan, not a row."""
    rows: list[Row] = []
    offsets: dict[Place, int] = {}
    not_ours: list[NotOurs] = []
    for place, offset, key, value in poll.records:
        offsets[place] = offset + 1
        if key is None:
            continue
        try:
            rows.append(readers[place.topic](place, value or b""))
        except ValueError as error:
            not_ours.append(NotOurs(place, offset, str(error)))
    return Arrivals(poll.at_s, rows, offsets, not_ours)


def accept(marks: dict[Place, int], arrivals: Arrivals) -> Arrivals:
    """Take out what had been accepted before; `marks`, the highest accepted by place, is updated.

    What is published twice after a crash comes again with the same marks, and so does everything
    that stood between: only a higher mark is new.
    """
    fresh = []
    for row in arrivals.rows:
        if row.mark > marks.get(row.place, -1):
            marks[row.place] = row.mark
            fresh.append(row)
        else:
            arrivals.repeats.append(row)
    arrivals.rows = fresh
    return arrivals
