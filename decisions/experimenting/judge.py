"""One experiment judged: each arm beside its reference.

The error is what all comparisons have together: with m of them each has a share of 1/m (Bonferroni;
Dunn, JASA 56, 1961), which also holds for intervals.
"""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from decisions.experimenting.differences import (
    Interval,
    freedom,
    information,
    of_means,
    of_rates,
)
from decisions.experimenting.quantiles import anytime, normal, student
from decisions.experimenting.shares import Ratio, ratio
from decisions.experimenting.tally import Tally
from decisions.offering.experiments import HELD_OUT, Experiment

ERROR: Final = 0.05
LEAST_INFORMATION: Final = 20.0
"""In successes: below, an interval that rests on large numbers is not given."""

Verdict = Literal["better", "worse", "open", "distrusted"]
"""distrusted: the arms are not as large as they should be."""


class Comparison(Struct, frozen=True):
    """An arm beside the reference; rates are shares, means in the shop's currency."""

    arm: str
    difference: float
    relative: float | None
    """The difference as a share of the reference's; None where that is not above 0."""
    once: Interval | None
    """Right at one time that was set beforehand."""
    anytime: Interval | None
    """Right at all times together. None: too early, or an arm has too few customers."""
    verdict: Verdict
    """What `anytime` says, where it can be trusted."""


class Judged(Struct, frozen=True):
    """What the arms show."""

    reference: str
    comparisons: tuple[Comparison, ...]
    """Of each other arm, in the playbook's order; those without customers are left out."""
    error: float
    """How likely at most any of the intervals of one kind misses, all together."""
    ratio: Ratio


def usual_reference(experiment: Experiment) -> str:
    """The arm `control`, else the first."""
    arms = [arm for arm, _ in experiment.arms]
    return HELD_OUT if HELD_OUT in arms else arms[0]


def judge(
    experiment: Experiment,
    reference: str,
    tallies: Mapping[str, Tally],
    *,
    means: bool = False,
    error: float = ERROR,
) -> Judged:
    """Compare arms with `reference`, by rates or by means; `tallies` has one for every arm."""
    shares = {arm: share for arm, share in experiment.arms if share}
    found = ratio([tallies[arm].customers for arm in shares], list(shares.values()))
    others = [arm for arm in shares if arm != reference]
    base = tallies[reference]
    compared = tuple(
        _compared(arm, tallies[arm], base, error / len(others), means, sound=not found.mismatch)
        for arm in others
        if base.customers and tallies[arm].customers
    )
    return Judged(reference, compared, error, found)


def _compared(
    arm: str, one: Tally, base: Tally, error: float, means: bool, *, sound: bool
) -> Comparison:
    difference = one.mean - base.mean if means else one.rate - base.rate
    against = base.mean if means else base.rate
    known = information(one, base)
    once = always = None
    if not means:
        once = of_rates(one, base, normal(error))
        if known >= LEAST_INFORMATION:
            always = of_rates(one, base, anytime(error, known))
    elif known >= LEAST_INFORMATION and min(one.customers, base.customers) > 1:
        once = of_means(one, base, student(error, freedom(one, base)))
        always = of_means(one, base, anytime(error, known))
    relative = difference / against if against > 0 else None
    verdict = _verdict(always) if sound else "distrusted"
    return Comparison(arm, difference, relative, once, always, verdict)


def _verdict(interval: Interval | None) -> Verdict:
    if interval is None or 0.0 in interval:
        return "open"
    return "better" if interval.low > 0 else "worse"
