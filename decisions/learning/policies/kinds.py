"""Which policies there are, what can be set of each, and what one proposes."""

from msgspec import Struct

from decisions.learning.sound import Floats, number


class Thompson(Struct, frozen=True, tag="thompson"):
    """A draw from what is believed of each arm: an arm is shown as often as it may be the best.

    Thompson, "On the Likelihood that One Unknown Probability Exceeds Another ...", Biometrika 25,
    1933; Chapelle and Li, "An Empirical Evaluation of Thompson Sampling", NIPS 2011, algorithm 2.
    """


class Greedy(Struct, frozen=True, tag="greedy"):
    """The expected propensity: never explores, apart from how starts differ."""

    mature: bool = False
    """Take the propensity by maturity instead, see `decisions.learning.maturity`."""


class EpsilonGreedy(Struct, frozen=True, tag="epsilon-greedy"):
    """As `Greedy`, but in a share of the decisions any arm goes first, each as likely.

    Sutton and Barto, "Reinforcement Learning", 2nd edition 2018, section 2.2. Raises ValueError
    for a share outside 0 to 1.
    """

    share: float = 0.05
    mature: bool = False

    def __post_init__(self) -> None:
        number("share", self.share, most=1.0)


class UpperBound(Struct, frozen=True, tag="upper-bound"):
    """As high a propensity as an arm may plausibly have: KL-UCB⁺, see `bounds`."""


Policy = Thompson | Greedy | EpsilonGreedy | UpperBound
"""Of those that ask for nothing but counters. Linear Thompson sampling asks for features, too."""


class Proposal(Struct, frozen=True, eq=False):
    """What arbitration is given."""

    propensity: Floats
    """Shape (n,), each from 0 to 1: P of the score P^a·C·V·L - cost of each arm."""
    first: int | None = None
    """The arm that goes first whatever the scores say: this decision explores."""
