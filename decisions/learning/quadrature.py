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
    # Quantiles, closer to each other towards both ends, where a product of many turns.
    u = (1.0 - np.cos(np.linspace(0.0, np.pi, max(points // arms, 32)))) / 2.0
    alpha, beta = found.alpha[:, None], found.beta[:, None]
    own = special.betaincinv(alpha, beta, u) ** exponent * weight[:, None] - cost[:, None]
    grid = np.unique(own)
    share = np.clip((grid + cost[:, None]) / weight[:, None], 0.0, 1.0) ** (1.0 / exponent)
    below = special.betainc(alpha, beta, share)
    ones = np.ones((1, len(grid)))
    before = np.cumprod(np.vstack([ones, below[:-1]]), axis=0)
    after = np.cumprod(np.vstack([ones, below[:0:-1]]), axis=0)[::-1]
    others = before * after  # of all arms but this: no division, as there are zeros
    chances = (np.diff(below) * (others[:, 1:] + others[:, :-1]) / 2.0).sum(axis=1)
    return floats("chances", chances / chances.sum(), most=1.0)
