"""How likely each arm was to go first under Thompson sampling: an integral, taken offline.

With P_i ~ Beta(a_i, b_i), independent, and scores S_i = P_i^e · w_i - cost_i, where w = C·V·L:

    P(i first) = ∫ Π_{j≠i} P(S_j ≤ s) dP(S_i ≤ s)

(Cook, "Exact Calculation of Beta Inequalities", 2005, has it for two arms and equal scores). The
integral is a sum over one grid of scores for all arms, which has points where any of the
distributions has its mass; between two points the product is taken for its mean at both. The
chances add up to 1 but for that error, and are returned so that they do.

Needs SciPy, which deciding does not: pip install 'touchline[offline]'.
"""

from typing import Any, Final

import numpy as np

from decisions.learning.beliefs import Beliefs
from decisions.learning.sound import Floats, floats, number

POINTS: Final = 8_000
"""On the grid, of all arms together. The error falls with its square: see the tests."""


def thompson_chances(
    found: Beliefs, weight: Any = 1.0, cost: Any = 0.0, exponent: float = 1.0, points: int = POINTS
) -> Floats:
    """How likely each arm is to have the highest score, shape (n,), summing up to 1.

    `weight` (C·V·L, above 0) and `cost`: shape (n,), or one number for all; `exponent` is above 0.
    Raises ValueError for others, ImportError without SciPy.
    """
    from scipy import special  # noqa: PLC0415 - an extra, and 80 MB: only who asks needs it

    arms = found.shapes.shape[1]
    weight = np.broadcast_to(floats("weight", weight, least=1e-300), arms)
    cost = np.broadcast_to(floats("cost", cost, least=-np.inf), arms)
    exponent = number("exponent", exponent, least=1e-6)
    u = _towards_both_ends(points, arms)  # quantiles
    alpha, beta = found.alpha[:, None], found.beta[:, None]
    own = special.betaincinv(alpha, beta, u) ** exponent * weight[:, None] - cost[:, None]
    grid = np.unique(own)
    share = np.clip((grid + cost[:, None]) / weight[:, None], 0.0, 1.0) ** (1.0 / exponent)
    below = np.asarray(special.betainc(alpha, beta, share), dtype=np.float64)
    return _first(below, below)


def linear_chances(
    found: Floats, weight: Any = 1.0, cost: Any = 0.0, exponent: float = 1.0, points: int = POINTS
) -> Floats:
    """The same under linear Thompson sampling, where P_i ~ N(mean, spread²), cut off at 0 and 1:
    `found` has the means and spreads, shape (2, n). Of equal scores the first one goes first.

    Raises as `thompson_chances` does.
    """
    from scipy import special  # noqa: PLC0415 - as above

    arms = found.shape[1]
    mean = floats("mean", found[0], least=-np.inf)[:, None]
    spread = floats("spread", found[1], least=1e-300)[:, None]
    weight = np.broadcast_to(floats("weight", weight, least=1e-300), arms)[:, None]
    cost = np.broadcast_to(floats("cost", cost, least=-np.inf), arms)[:, None]
    exponent = number("exponent", exponent, least=1e-6)
    low, high = special.ndtr(-mean / spread), special.ndtr((1.0 - mean) / spread)
    u = low + (high - low) * _towards_both_ends(points, arms)
    own = np.clip(mean + spread * special.ndtri(u), 0.0, 1.0)
    # Scores are cut off where theirs are: -cost and weight - cost, which others' may equal.
    least, most = -cost, weight - cost
    grid = np.unique(np.hstack([own**exponent * weight - cost, least, most]))
    share = np.clip((grid + cost) / weight, 0.0, 1.0) ** (1.0 / exponent)
    inside = special.ndtr((share - mean) / spread)
    return _first(
        np.where(grid < least, 0.0, np.where(grid < most, inside, 1.0)),
        np.where(grid <= least, 0.0, np.where(grid <= most, inside, 1.0)),
    )


def _towards_both_ends(points: int, arms: int) -> Floats:
    """Of 0 to 1, closer to each other towards both ends, where a product of many turns."""
    u: Floats = (1.0 - np.cos(np.linspace(0.0, np.pi, max(points // arms, 32)))) / 2.0
    return u


def _first(upto: Floats, below: Floats) -> Floats:
    """From P(S_i ≤ s) and P(S_i < s) at all points s, shape (n, points)."""
    between = (below[:, 1:] - upto[:, :-1]) * (_others(below)[:, 1:] + _others(upto)[:, :-1]) / 2.0
    at = (upto - below) * _before(below) * _after(upto)
    chances = between.sum(axis=1) + at.sum(axis=1)
    return floats("chances", chances / chances.sum(), most=1.0)


def _others(below: Floats) -> Floats:
    """Their products over all arms but this: no division, as there are zeros."""
    return _before(below) * _after(below)


def _before(below: Floats) -> Floats:
    found: Floats = np.vstack([np.ones_like(below[:1]), below[:-1]])
    return np.multiply.accumulate(found, axis=0)


def _after(below: Floats) -> Floats:
    return _before(below[::-1])[::-1]
