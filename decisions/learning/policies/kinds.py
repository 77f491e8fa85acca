"""Which policies there are, and what can be set of each."""

from typing import Final

from msgspec import Struct


class Thompson(Struct, frozen=True, tag="thompson"):
    """A draw from what is believed of each arm: an arm is shown as often as it may be the best.

    Thompson, "On the Likelihood that One Unknown Probability Exceeds Another ...", Biometrika 25,
    1933; Chapelle and Li, "An Empirical Evaluation of Thompson Sampling", NIPS 2011, algorithm 2.
    """


class Greedy(Struct, frozen=True, tag="greedy"):
    """The expected propensity: never explores by itself, apart from how starts differ.

    With a share of decisions in which any arm goes first it is ε-greedy (Sutton and Barto,
    "Reinforcement Learning", 2nd edition 2018, section 2.2).
    """

    mature: bool = False
    """Take the propensity by maturity instead, see `decisions.learning.maturity`."""


class UpperBound(Struct, frozen=True, tag="upper-bound"):
    """As high a propensity as an arm may plausibly have: KL-UCB⁺, see `bounds`."""


class Linear(Struct, frozen=True, tag="linear"):
    """A draw from a linear model of each arm over features of the customer, see `linear`: what is
    seen of a feature counts for all who have it."""


def name_of(policy: "AnyPolicy") -> str:
    """What a playbook calls it."""
    return str(policy.__struct_config__.tag)


Policy = Thompson | Greedy | UpperBound
"""Of those that look at each arm in one bucket by itself."""
AnyPolicy = Policy | Linear
DRAWN: Final = (Thompson, Linear)
"""By which it is an integral how likely an arm is to go first: see `decisions.learning.quadrature`.
"""
POLICIES: Final[dict[str, AnyPolicy]] = {
    name_of(policy): policy for policy in (Thompson(), Greedy(mature=True), UpperBound(), Linear())
}
"""As playbooks call them."""
