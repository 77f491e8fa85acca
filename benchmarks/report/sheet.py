"""What a table is, and how numbers stand in one."""

import statistics

from msgspec import Struct

Rows = list[tuple[str, ...]]


class Sheet(Struct, frozen=True):
    """One table: a title, a header, rows of text."""

    title: str
    header: tuple[str, ...]
    rows: Rows
    chart: str = ""
    """The chart that shows the same, by its name in `charts.CHARTS`; empty if none does."""
    note: str = ""
    """A sentence below it, if there is something to say."""


def middle(values: list[float]) -> float:
    """Their median."""
    return statistics.median(values)


def times(ratio: float) -> str:
    """0.43 → `0.43 x`."""
    return f"{ratio:.2f} x"
