"""Scores that fade: each contribution halves every 30 days.

Forward decay (Cormode, Shkapenyuk, Srivastava, Xu: "Forward Decay: A Practical Time Decay Model for
Streaming Systems", ICDE 2009) with an exponential: the score is kept as of the newest contribution,
and an older one is faded before it is added. The sum is then the same in whatever order the
contributions come, up to rounding.
"""

from math import exp2
from typing import Final

from state.profile import Interest
from state.windows import DAY_MS

HALF_LIFE_MS: Final = 30 * DAY_MS


def decayed(score: float, at_ms: int, now_ms: int) -> float:
    """What is left at `now_ms` of a score that was `score` at `at_ms`; `score` if that is later."""
    if now_ms <= at_ms:
        return score
    return score * exp2((at_ms - now_ms) / HALF_LIFE_MS)


def add(interest: Interest, weight: float, at_ms: int) -> None:
    """Add to `interest`, in place, a contribution that was worth `weight` at `at_ms`."""
    age = at_ms - interest.at
    if age >= 0:
        interest.score = interest.score * exp2(-age / HALF_LIFE_MS) + weight
        interest.at = at_ms
    else:
        interest.score += weight * exp2(age / HALF_LIFE_MS)
