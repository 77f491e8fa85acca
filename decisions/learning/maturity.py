"""Propensity by maturity: an arm starts where its group does and comes to stand on its own.

Pega Academy, "Smooth propensity" (academy.pega.com/topic/smooth-propensity/v1), has for it

    SE / (SE + E + 1) · SP + E / (SE + E + 1) · p

with starting propensity SP and evidence SE, evidence E and propensity p of the arm itself. The 1
keeps the divisor above 0 where there is no evidence at all, and pulls down: the two weights add up
to less than 1, as if there had been one refusal more. So an arm without evidence gets
SP·SE / (SE + 1) and not, as that page says beside the formula, SP; with SE = 50 that is 2 % less.
When p is what the counters say, taken / tries, the result is the mean of
Beta(SP·SE, (1 - SP)·SE + 1) after them:
`alpha / (alpha + beta + 1)`, which `matured` takes from beliefs.
"""

from typing import Any

from decisions.learning.beliefs import Beliefs
from decisions.learning.sound import Floats, floats


def smoothed(
    starting_propensity: Any, starting_evidence: Any, propensity: Any, evidence: Any
) -> Floats:
    """The formula above. Shapes (n,), or one number for all. Raises ValueError for what is not
    finite or negative, and for propensities above 1."""
    sp = floats("starting propensity", starting_propensity, most=1.0)
    p = floats("propensity", propensity, most=1.0)
    se = floats("starting evidence", starting_evidence)
    e = floats("evidence", evidence)
    return floats("smoothed propensity", (se * sp + e * p) / (se + e + 1.0), most=1.0)


def matured(found: Beliefs) -> Floats:
    """The same where the propensity is that of the counters; shape (n,)."""
    return found.alpha / (found.alpha + found.beta + 1.0)
