"""What is believed of each arm: a Beta distribution, from where its group starts and its counters.

Beta and Bernoulli are conjugate: from Beta(a, b), `taken` of `tries` lead to
Beta(a + taken, b + tries - taken), also for real numbers of them (Russo, Van Roy, Kazerouni,
Osband, Wen: "A Tutorial on Thompson Sampling", 2018, section 3).
"""

from math import inf
from typing import Any

import numpy as np
from msgspec import Struct

from decisions.learning.sound import Floats, floats, least_of, most_of


class Starts(Struct, frozen=True, eq=False):
    """Of each arm before anything is known; made by `starts`."""

    alpha: Floats
    """Shape (n,)."""
    beta: Floats


class Beliefs(Struct, frozen=True, eq=False):
    """Beta(alpha, beta) of each arm; made by `beliefs`."""

    alpha: Floats
    """Shape (n,), above 0."""
    beta: Floats

    @property
    def evidence(self) -> Floats:
        """Tries, and what the start counts for."""
        return self.alpha + self.beta

    @property
    def mean(self) -> Floats:
        """The expected propensity."""
        return self.alpha / (self.alpha + self.beta)


def starts(propensity: Any, evidence: Any) -> Starts:
    """Beta(SP·SE, (1 - SP)·SE): `propensity` SP, in as many tries as `evidence` SE says.

    Shapes (n,), or one number for all. Raises ValueError unless 0 < SP < 1 and 0 < SE.
    """
    sp = floats("starting propensity", propensity, least=1e-9, most=1 - 1e-9)
    se = floats("starting evidence", evidence, least=1e-6)
    return Starts(sp * se, (1 - sp) * se)


def beliefs(start: Starts, tries: Any, taken: Any) -> Beliefs:
    """After `tries`, of which `taken`, both of shape (n,) and as of now.

    Raises ValueError for what is not finite, negative, or more taken than tried.
    """
    tries, taken = np.asarray(tries, dtype=np.float64), np.asarray(taken, dtype=np.float64)
    refused = tries - taken
    # Whatever is wrong shows in one of these; who is to blame is only asked then.
    if refused.size and not (least_of(refused) >= 0 <= least_of(taken) and most_of(refused) < inf):
        floats("tries", tries)
        floats("taken", taken)
        floats("tries less taken", refused)
    return Beliefs(start.alpha + taken, start.beta + refused)
