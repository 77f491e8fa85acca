"""How likely the arm that went first was to go first, where that is a formula.

What is logged with a decision lets others be judged by it: inverse propensity scores (Horvitz and
Thompson, 1952; Li, Chu, Langford, Wang: "Unbiased Offline Evaluation of Contextual-bandit-based
News Article Recommendation Algorithms", WSDM 2011). For Thompson sampling: `quadrature`, offline.
"""

from math import inf, isfinite

import numpy as np

from decisions.learning.sound import Floats, floats, least_of, number


def first_of(scores: Floats, first: int | None = None) -> int:
    """Who goes first: the one that explores, if there is one, else the highest of `scores`, of
    equal ones the first. Raises ValueError for no scores or what is not finite."""
    if not len(scores):
        raise ValueError("expected one score or more, got none")
    best = int(scores.argmax())
    if not (isfinite(scores[best]) and isfinite(least_of(scores))):
        floats("scores", scores, least=-inf)
    return best if first is None else first


def chances_of_first(scores: Floats, share: float = 0.0) -> Floats:
    """How likely each arm is to go first, shape (n,), summing up to 1.

    `scores` are those of propensities that nothing was drawn for: of `Greedy` and `UpperBound`. In
    a `share` of decisions any arm goes first, each as likely. Raises ValueError as `first_of` does.
    """
    share = number("share", share, most=1.0)
    best = first_of(scores)
    found = np.full(len(scores), share / len(scores))
    found[best] += 1.0 - share
    return found
