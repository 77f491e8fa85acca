"""KL-UCB⁺: the highest propensity that is not too unlikely, given what was seen of an arm.

Garivier and Cappé, "The KL-UCB Algorithm for Bounded Stochastic Bandits and Beyond", COLT 2011,
section 5; Kaufmann, "On Bayesian Index Policies for Sequential Resource Allocation", Annals of
Statistics 46, 2018, section 4. With n tries of an arm and t of all, the largest q for which

    n · kl(p, q) ≤ log(t / n),      kl(p, q) = p log(p/q) + (1 - p) log((1 - p)/(1 - q))

Plain KL-UCB has log t there, and explores longer: half more regret in our worlds. Near 0, where
accept rates lie, either is far closer than UCB1, whose width does not shrink with p. Here n and p
are those of the beliefs, so that a start counts as tries of its own, and counters that fade make it
the discounted kind (Garivier and Moulines, "On Upper-Confidence Bound Policies for Switching Bandit
Problems", ALT 2011, section 2).

It draws nothing: until the counters change, the same arm goes first for everybody.
"""

from typing import Final

import numpy as np

from decisions.learning.beliefs import Beliefs
from decisions.learning.sound import Floats

STEPS: Final = 4
"""Of Newton's method: then it is within 1e-7 of the root wherever a test has looked."""
NEAR: Final = 1e-9
"""How close q comes to p before it is taken for it: nearer, rounding is all that is left."""


def upper_bounds(found: Beliefs) -> Floats:
    """q of each arm, shape (n,).

    By Newton's method on y = -log(1 - q): there the divergence is convex with the slope (q - p)/q,
    so that steps from above the root stay above it, and soon straight, where q comes close to 1.
    """
    n = found.evidence
    p, r = found.alpha / n, found.beta / n
    allowed = np.log(np.add.reduce(n) / n) / n
    budget = allowed - p * np.log(p) - r * np.log(r)
    y = _above(p, r, allowed, budget)
    least, q = -np.log(r), -np.expm1(-y)
    for _ in range(STEPS):
        step = (r * y - p * np.log(q) - budget) * q / np.maximum(q - p, NEAR)
        y = np.maximum(y - step, least)
        q = -np.expm1(-y)
    return np.maximum(q, p)


def _above(p: Floats, r: Floats, allowed: Floats, budget: Floats) -> Floats:
    """A y at or above the root, close by, from two lower bounds of the divergence:
    (q - p)² / 2q(1 - p) for q ≥ p, and (1 - p) y less the entropy of p."""
    some = r * allowed
    near_0 = p + some + np.sqrt(some * (some + 2.0 * p))
    return np.minimum(-np.log1p(-np.minimum(near_0, 1.0 - 1e-16)), budget / r)
