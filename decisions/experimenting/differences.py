"""Intervals of a difference between two arms, as wide as a quantile says.

Of rates, Newcombe, "Interval estimation for the difference between independent proportions",
Statistics in Medicine 17, 1998, method 10: from the score intervals (Wilson, JASA 22, 1927) of both
rates. It stays between -1 and 1, and is no point where an arm has no success. Of means, Welch,
"The generalization of 'Student's' problem ...", Biometrika 34, 1947.
"""

from math import hypot, sqrt

from msgspec import Struct

from decisions.experimenting.tally import Tally


class Interval(Struct, frozen=True):
    """From `low` to `high`, as a share (0.01 = a percentage point) or in the shop's currency."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def of_rate(arm: Tally, quantile: float) -> Interval:
    """Of one arm's rate, by Wilson's score; it has customers."""
    n, p, z = arm.customers, arm.rate, quantile
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Interval(middle - half, middle + half)


def of_rates(arm: Tally, reference: Tally, quantile: float) -> Interval:
    """Of the arm's rate less the reference's. Both have customers."""
    one, other = arm.rate, reference.rate
    a, b = of_rate(arm, quantile), of_rate(reference, quantile)
    return Interval(
        one - other - hypot(one - a.low, b.high - other),
        one - other + hypot(a.high - one, other - b.low),
    )


def of_means(arm: Tally, reference: Tally, quantile: float) -> Interval:
    """Of the arm's mean less the reference's. Both have two customers or more."""
    difference = arm.mean - reference.mean
    half = quantile * hypot(arm.error, reference.error)
    return Interval(difference - half, difference + half)


def freedom(arm: Tally, reference: Tally) -> float:
    """Welch's degrees of freedom of the difference of means; at least one has a variance."""
    one, other = arm.error**2, reference.error**2
    below = one**2 / (arm.customers - 1) + other**2 / (reference.customers - 1)
    return (one + other) ** 2 / below


def information(arm: Tally, reference: Tally) -> float:
    """How much both arms tell, in successes: grows with the variance of the sum of differences.

    For rare successes that are worth the same it is about their number, whatever the shares of the
    arms. 0 where all customers are alike.
    """
    successes = arm.successes + reference.successes
    if not successes:
        return 0.0
    spread = reference.customers * arm.variance + arm.customers * reference.variance
    return spread * successes / (arm.squares + reference.squares)
