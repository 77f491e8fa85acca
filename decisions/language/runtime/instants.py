"""When something changes by time alone: instants in ms since the epoch, always later than now.

0 is never. What is further off than HORIZON_MS counts as never, too, where it says so below.
"""

from collections.abc import Callable
from math import log2
from typing import Any, Final

from decisions.language.runtime.failures import FAILURES
from state.decay import HALF_LIFE_MS

HORIZON_MS: Final = 18_262 * 86_400_000
"""50 years: nobody waits for times to leave the years 1 to 9999, or scores to be below 1e-180."""


FAR_MS: Final = 1_000
"""What is further off is said a moment early: to ask again then costs less than to be exact at each
event of those whose scores keep rising."""


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
    answer than now, or a moment before, as long as it is far. Within HORIZON_MS.

    `score` is what is left of it now. It goes to 0 without a turn, so a number is crossed but once
    (an equality is to be given as the sign of the difference).
    """
    if bound.__class__ is not float and bound.__class__ is not int:
        return 0
    if not bound or score / bound < 1:
        return 0  # it has no number between itself and 0, and so of most customers
    # Exact but for rounding; later, if a part of the score is from later than now.
    wait = HALF_LIFE_MS * log2(score / bound)
    if wait > FAR_MS:
        return now_ms + int(wait) - 1 if wait < HORIZON_MS else 0
    first = holds(now_ms)
    last = now_ms + HORIZON_MS
    if holds(last) == first:
        return 0
    low, high = now_ms, now_ms + max(1, int(wait))
    step = 1
    while holds(high) == first:
        low, high, step = high, min(high + step, last), 2 * step
    step = 1
    while high - low > 1:
        probe = max(high - step, (low + high) // 2)
        if holds(probe) == first:
            low = probe
        else:
            high = probe
        step *= 2
    return high
