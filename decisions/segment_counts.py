"""How many customers are in each segment, from the counts of those who came and who left."""

from collections.abc import Mapping

from msgspec import Struct

from decisions.segments import ENTERED, EXITED

OF_SEGMENTS = "segment."
"""What both kinds of counts begin with, and none of another."""


class SegmentCount(Struct):
    """Of one segment, since its counts began."""

    entered: int = 0
    exited: int = 0

    @property
    def customers(self) -> int:
        """Who is in it: each came in once more than they left."""
        return self.entered - self.exited


def add_counts(totals: dict[str, SegmentCount], counters: Mapping[str, int]) -> None:
    """Add a shard's counters (`<kind of action>:<segment>` → how many; others are passed over).

    Exact: the commit that moves a customer counts it.
    """
    for name, count in counters.items():
        if not name.startswith(OF_SEGMENTS):
            continue
        kind, _, segment = name.partition(":")
        total = totals.setdefault(segment, SegmentCount())
        if kind == ENTERED:
            total.entered += count
        elif kind == EXITED:
            total.exited += count
