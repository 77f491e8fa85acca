"""Features of a customer: conditions that hold or do not, by which a linear model tells customers
apart.

Customers of whom the same ones hold are of one bucket, which is called by their names: `gold+late`.
So counters stay with their customers when features are written in another order.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from decisions.language import Condition, EvaluationError
from state.profile import Profile
from state.touchpoint import Touchpoint

MAX_FEATURES: Final = 5
"""They make 32 buckets, each with counters of every offer and channel."""
NO_FEATURE: Final = "none"
"""The bucket of those of whom none holds."""

Features = tuple[tuple[str, Condition], ...]
"""By name."""


def bucket_names(features: Sequence[str]) -> tuple[str, ...]:
    """What the buckets are called: bit i of a bucket's number says whether feature i holds."""
    return tuple(
        "+".join(name for at, name in enumerate(features) if number >> at & 1) or NO_FEATURE
        for number in range(1 << len(features))
    )


def bucket_number(
    features: Features, profile: Profile, touchpoint: Touchpoint, now_ms: int
) -> tuple[int, Iterable[str]]:
    """Where a customer belongs now, and the features that ended in an error: those do not hold."""
    number, wrong = 0, []
    for at, (name, when) in enumerate(features):
        try:
            number |= when(profile, touchpoint, now_ms) << at
        except EvaluationError:
            wrong.append(name)
    return number, wrong
