"""When something changes by time alone: instants in ms since the epoch, always later than now.

0 is never. What is further off than HORIZON_MS counts as never, too, where it says so below.
"""

from collections.abc import Callable
from math import inf, log2
from typing import Any, Final

from decisions.language.runtime.failures import FAILURES
from state.decay import HALF_LIFE_MS

HORIZON_MS: Final = 36_525 * 86_400_000
"""100 years: nobody waits for a time to leave the years 1 to 9999, or a score to be 0.0 at last."""


def earliest(*instants: int) -> int:
    """The first of them, those that are never apart."""
    return min([instant for instant in instants if instant], default=0)


def unless_failing(instant: Callable[[], int]) -> int:
    """An instant; never where what it is computed from ends in an error."""
    try:
        return instant()
    except FAILURES:
        return 0


def edge(value: int, slope: int, low: int, high: int, now_ms: int) -> int:
    """When a value that is `value` now and grows by `slope` each ms comes into the range from
    `low` to `high`, or leaves it. Within HORIZON_MS."""
    if slope < 0:
        value, slope, low, high = -value, -slope, -high, -low
    if value < low:
        wait = -((value - low) // slope)
    elif value <= high:
        wait = (high - value) // slope + 1
    else:
        return 0
    return now_ms + wait if wait <= HORIZON_MS else 0


def faded_across(holds: Callable[[int], object], score: float, bound: Any, now_ms: int) -> int:
    """The first ms at which `holds(ms)`, a comparison of a fading score with `bound`, gives another
    answer than now. Within HORIZON_MS.

    `score` is what is left of it now. It goes to 0 without a turn, so the answer changes at most
    once before it is 0 (an equality, given as the sign of the difference, from + to 0 to -).
    """
    if bound.__class__ is not float and bound.__class__ is not int:
        return 0
    if not 0 < abs(bound) <= abs(score) < inf or (bound < 0) != (score < 0):
        return 0
    wait = HALF_LIFE_MS * log2(score / bound)
    if wait > HORIZON_MS:
        return 0
    first = holds(now_ms)
    low, high, step = now_ms, now_ms + max(1, int(wait)), 1
    while holds(high) == first:
        low, high, step = high, high + step, 2 * step
        if high - now_ms > HORIZON_MS:
            return 0
    # `wait` is exact but for rounding, if no part of the score is from later than now.
    step = 1
    while high - low > 1:
        probe = max(high - step, (low + high) // 2)
        if holds(probe) == first:
            low = probe
        else:
            high = probe
        step *= 2
    return high
