"""What a policy proposes for one decision."""

from typing import assert_never

from numpy.random import Generator

from decisions.learning.beliefs import Beliefs
from decisions.learning.maturity import matured
from decisions.learning.policies.bounds import upper_bounds
from decisions.learning.policies.kinds import (
    EpsilonGreedy,
    Greedy,
    Policy,
    Proposal,
    Thompson,
    UpperBound,
)
from decisions.learning.sound import floats


def propose(policy: Policy, found: Beliefs, dice: Generator) -> Proposal:
    """Propensities of the arms in `found`, and who goes first if this decision explores.

    `dice` are the decision's own, freshly loaded: see `decisions.learning.draws`. The arms' order
    is part of what has to be equal for an equal result. Raises ValueError for no arms, and where a
    propensity is not a finite number from 0 to 1.
    """
    arms = found.shapes.shape[1]
    if not arms:
        raise ValueError("expected one arm or more, got none")
    first = None
    match policy:
        case Thompson():
            propensity = dice.beta(found.alpha, found.beta)
        case Greedy(mature):
            propensity = matured(found) if mature else found.mean
        case EpsilonGreedy(share, mature):
            propensity = matured(found) if mature else found.mean
            if dice.random() < share:
                first = int(dice.integers(arms))
        case UpperBound():
            propensity = upper_bounds(found)
        case _:
            assert_never(policy)
    return Proposal(floats("propensity", propensity, most=1.0), first)
