"""One experiment from its first customer to its last, judged after every step."""

from math import log
from random import Random
from typing import NamedTuple

from benchmarks.experiments.worlds import LOG_SPREAD, TYPICAL, World
from decisions.experimenting.differences import Interval
from decisions.experimenting.judge import Judged, judge
from decisions.experimenting.tally import Tally
from decisions.offering.experiments import Experiment


class Run(NamedTuple):
    """What the report said; *any* of an experiment's comparisons counts."""

    alarm_at_end: bool
    """The interval for one time, looked at once, at the end, leaves 0 out."""
    alarm_of_looks: bool
    """The same interval, at any look: what a report that knew no other would do to its readers."""
    alarm_anytime: bool
    """The interval for all times, at any look."""
    holds_at_end: bool
    """All intervals for one time hold the truth at the end."""
    holds_anytime: bool
    """All intervals for all times hold the truth as of each look."""
    mismatch: bool
    """The shares of the arms were taken for wrong ones, at the end."""


def play(world: World, seed: int, run: int) -> Run:
    """The assignment is the product's, with a salt of the run's own."""
    dice = Random(f"{seed} {run} {world.name}")
    experiment = Experiment("tried", f"salt {seed} {run} {world.name}", world.arms)
    names = [arm for arm, _ in world.arms]
    rates = dict(zip(names, world.rates, strict=True))
    tallies = {arm: Tally() for arm in names}
    coming: list[list[tuple[str, float]]] = [[] for _ in range(world.looks + world.delay)]
    off_anytime = off_looks = miss_anytime = False
    judged = None
    for look in range(world.looks):
        first, end = (at * world.customers // world.looks for at in (look, look + 1))
        for number in range(first, end):
            arm = experiment.arm_of(f"c-{number:06d}")
            tallies[arm].customers += 1
            if dice.random() < rates[arm]:
                worth = dice.lognormvariate(log(TYPICAL), LOG_SPREAD) if world.paid else 1.0
                coming[look + int(dice.random() * world.delay)].append((arm, worth))
        for arm, worth in coming[look]:
            tallies[arm].add(worth)
            tallies[arm].customers -= 1  # came before
        judged = judge(experiment, names[0], tallies, means=world.paid)
        found = judged.comparisons
        off_anytime |= any(not _holds(one.anytime, 0.0) for one in found)
        off_looks |= _alarm(judged)
        truths = {arm: world.truth(number, look) for number, arm in enumerate(names)}
        miss_anytime |= any(not _holds(one.anytime, truths[one.arm]) for one in found)
    assert judged is not None
    return Run(
        _alarm(judged),
        off_looks,
        off_anytime,
        all(_holds(one.once, truths[one.arm]) for one in judged.comparisons),
        not miss_anytime,
        judged.ratio.mismatch,
    )


def _alarm(judged: Judged) -> bool:
    return any(not _holds(one.once, 0.0) for one in judged.comparisons)


def _holds(interval: Interval | None, value: float) -> bool:
    return interval is None or value in interval
