"""How many standard errors from an estimate the truth may lie: at one time, or at all times.

`normal` and `student` hold at one time that was set beforehand. Who looks each day and stops when
something shows, looks at the luckiest of many days, and errs far oftener than `error` says.

`anytime` holds at all times together, so that anybody may look whenever they like, and stop. It is
the boundary of the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and
Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences", Annals of
Statistics 52, 2024, section 2 (Robbins' normal mixture),

    1/n · sqrt(2 (V r² + 1) / r² · log(sqrt(V r² + 1) / error))

with the variance V of the sum as its clock, as there where variances change, divided by the
standard error sqrt(V) / n:

    sqrt((1 + 1/v) · log((1 + v) / error²)),      v = V r²

The clock matters: most customers come early and buy later, so that it is successes, and not
customers, that time brings. The constant r (their rho) makes it narrowest at a V that one chooses,
where v = -2 log(error) + log(-2 log(error)) + 1.
"""

from math import log, sqrt
from statistics import NormalDist
from typing import Final

SHARPEST: Final = 500.0
"""Successes of two arms together at which `anytime` is narrowest: 1.5 times as wide as `normal` at
an error of 5 %; 1.7 times at 50 and at 10,000 successes, 1.8 at 100,000."""


def normal(error: float) -> float:
    """Of the normal distribution, `error` beyond it on both sides together."""
    return NormalDist().inv_cdf(1.0 - error / 2.0)


def student(error: float, freedom: float) -> float:
    """Of Student's t with so many degrees of freedom.

    Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.7.5, four terms: right to 0.01 %
    from 10 degrees of freedom on, for errors down to 0.5 %.
    """
    z = normal(error)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, start=1))


def anytime(error: float, information: float) -> float:
    """At every time together; `information` is the clock, in successes, above 0."""
    best = -2.0 * log(error)
    v = information / SHARPEST * (best + log(best) + 1.0)
    return sqrt((1.0 + 1.0 / v) * log((1.0 + v) / error**2))
