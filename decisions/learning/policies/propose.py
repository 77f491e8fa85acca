"""What a policy proposes for one decision."""

from typing import assert_never

from decisions.learning.beliefs import Beliefs
from decisions.learning.draws import Keys, betas, lots
from decisions.learning.maturity import matured
from decisions.learning.policies.bounds import upper_bounds
from decisions.learning.policies.kinds import Greedy, Policy, Thompson, UpperBound
from decisions.learning.sound import Floats, floats, least_of


def propose(policy: Policy, found: Beliefs, seed: int, keys: Keys) -> Floats:
    """The propensities of the n arms in `found`, shape (n,), each from 0 to 1: P of the score
    P^a·C·V·L - cost.

    `seed` (64 bits) and the arms' `keys`, shape (n,), are what is drawn by: see
    `decisions.learning.draws`. Raises ValueError for no arms, and where a propensity is not a
    finite number from 0 to 1.
    """
    if not found.shapes.shape[1]:
        raise ValueError("expected one arm or more, got none")
    match policy:
        case Thompson():
            propensity = betas(found, lots(seed, keys))
            if least_of(propensity) >= 0.0:  # else a NaN is among them; above 1 none can be
                return propensity
        case Greedy(mature):
            propensity = matured(found) if mature else found.mean
        case UpperBound():
            propensity = upper_bounds(found)
        case _:
            assert_never(policy)
    return floats("propensity", propensity, most=1.0)
