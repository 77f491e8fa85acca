"""The memory of a process that takes on much by design, and may be killed again and again: it stays
within a bound that its own beginning sets. Who takes on nothing is held to `laws.flat`, closer."""

from collections.abc import Sequence

GROWTH = 1.2
"""How much more it may take later than at first, beyond the slack."""
SLACK_MB = 30
FEWEST = 6
"""Looks below which nothing can be told."""


def grew(first: Sequence[float], later: Sequence[float], may_hold_mb: float = 0.0) -> str | None:
    """A sentence when any of the `later` looks is above the bound that the `first` ones set, in MB.

    `may_hold_mb`: what the process may take on by design, and need not have had at first.
    """
    then, most = max(first), max(later)
    bound = then * GROWTH + SLACK_MB + may_hold_mb
    if most <= bound:
        return None
    return f"memory grew from {then:.0f} to {most:.0f} MB, expected {bound:.0f} at most"


def grew_since_the_first_third(looks: Sequence[float], may_hold_mb: float) -> str | None:
    """Of `looks` at equal distances, oldest first; None also when they are too few to tell."""
    third = len(looks) // 3
    return grew(looks[:third], looks[third:], may_hold_mb) if len(looks) >= FEWEST else None
