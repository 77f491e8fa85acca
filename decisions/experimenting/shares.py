"""Whether arms are as large as they should be: if not, customers were lost on the way, and not by
chance.

Pearson's chi-square test. Fabijan and others, "Diagnosing Sample Ratio Mismatch in Online
Controlled Experiments", KDD 2019, say what such a mismatch comes of; what an experiment with one
shows is not to be believed.
"""

from collections.abc import Sequence
from math import erfc, exp, pi, sqrt
from typing import Final

from msgspec import Struct

UNLIKELY: Final = 0.001
"""A mismatch below this: it is asked again each time that somebody looks."""


class Ratio(Struct, frozen=True):
    """What the test says."""

    statistic: float
    probability: float
    """Of arms that are at least as far from their shares, by chance alone."""

    @property
    def mismatch(self) -> bool:
        """Whether chance is no explanation."""
        return self.probability < UNLIKELY


def ratio(customers: Sequence[int], shares: Sequence[float]) -> Ratio:
    """Of customers per arm, and the arms' shares in any unit, each above 0."""
    whole = sum(customers) / sum(shares)
    if not whole or len(shares) < 2:
        return Ratio(0.0, 1.0)
    expected = [share * whole for share in shares]
    pairs = zip(customers, expected, strict=True)
    statistic = sum((found - wanted) ** 2 / wanted for found, wanted in pairs)
    return Ratio(statistic, beyond(statistic, len(shares) - 1))


def beyond(statistic: float, freedom: int) -> float:
    """How likely chi-square with so many degrees of freedom is to exceed `statistic`.

    Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.4.4 and 26.4.5.
    """
    half = statistic / 2
    odd = freedom % 2
    found = erfc(sqrt(half)) if odd else exp(-half)
    term = exp(-half) * (2 * sqrt(half / pi) if odd else half)
    for below in range(3 if odd else 4, freedom + 1, 2):
        found += term
        term *= statistic / below
    return min(found, 1.0)
