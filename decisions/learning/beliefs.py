"""What is believed of each arm: a Beta distribution, from where its group starts and its counters.

Beta and Bernoulli are conjugate: from Beta(a, b), `taken` of `tries` lead to
Beta(a + taken, b + tries - taken), also for real numbers of them (Russo, Van Roy, Kazerouni,
Osband, Wen: "A Tutorial on Thompson Sampling", 2018, section 3).

Arrays here have two rows, what speaks for an arm and what speaks against it: a decision is made in
microseconds, and each call of NumPy takes one of them, however short the array.
"""

from math import inf
from typing import Any

import numpy as np
from msgspec import Struct

from decisions.learning.sound import Floats, floats, least_of, most_of


class Beliefs(Struct, frozen=True, eq=False):
    """Beta(alpha, beta) of each arm; made by `beliefs`."""

    shapes: Floats
    """Shape (2, n), above 0: alphas, betas."""

    @property
    def alpha(self) -> Floats:
        """Shape (n,): what was taken, and the start's share of it."""
        found: Floats = self.shapes[0]
        return found

    @property
    def beta(self) -> Floats:
        """Shape (n,): what was refused, and the start's share of it."""
        found: Floats = self.shapes[1]
        return found

    @property
    def evidence(self) -> Floats:
        """Shape (n,): tries, and what the start counts for."""
        return self.alpha + self.beta

    @property
    def mean(self) -> Floats:
        """Shape (n,): the expected propensity."""
        return self.alpha / self.evidence


def starts(propensity: Any, evidence: Any) -> Floats:
    """Beta(SP·SE, (1 - SP)·SE), shape (2, n): `propensity` SP, in as many tries as `evidence` SE
    says, each of shape (n,).

    Raises ValueError unless 0 < SP < 1 and 0 < SE.
    """
    sp = floats("starting propensity", propensity, least=1e-9, most=1 - 1e-9)
    se = floats("starting evidence", evidence, least=1e-6)
    return np.stack([sp * se, (1 - sp) * se])


def seen(tries: Any, taken: Any) -> Floats:
    """Taken and refused, shape (2, n), from tries and taken, each of shape (n,) and as of now.

    Raises ValueError for what is not finite, negative, or more taken than tried.
    """
    tries, taken = floats("tries", tries), floats("taken", taken)
    return np.stack([taken, floats("tries less taken", tries - taken)])


def beliefs(start: Floats, seen: Floats) -> Beliefs:
    """After what was `seen`, as `CounterTable.totals` or the function of that name has it.

    Raises ValueError for what is not finite or negative.
    """
    if seen.size and not (least_of(seen) >= 0 and most_of(seen) < inf):
        floats("seen", seen)
    return Beliefs(start + seen)
