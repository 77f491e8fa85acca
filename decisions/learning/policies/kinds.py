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


def name_of(policy: "Policy") -> str:
    """What a playbook calls it."""
    return str(policy.__struct_config__.tag)


Policy = Thompson | Greedy | UpperBound
"""Of those that ask for nothing but counters. Linear Thompson sampling asks for features, too."""
POLICIES: Final[dict[str, Policy]] = {
    name_of(policy): policy for policy in (Thompson(), Greedy(mature=True), UpperBound())
}
"""As playbooks call them."""
