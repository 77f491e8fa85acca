"""What treatments are worth, and in which order they are looked at.

The score of a treatment is P^a x C x V x L - cost: propensity, context weight, value and lever, as
Pega's Customer Decision Hub weighs actions (its documentation, "Action arbitration"), less what it
costs to make it. Its unit is the shop's currency. Equal scores go by an order that is each
customer's own, and stays so.
"""

from collections.abc import Iterable
from itertools import pairwise

from msgspec import Struct

from decisions.offering.catalogue import Offer, Treatment
from state.touchpoint import identity


class Candidate(Struct, frozen=True, eq=False, gc=False):
    """A treatment that may be chosen, and what it is worth now."""

    treatment: Treatment
    weight: float
    score: float


class Ranking:
    """The treatments of some offers, the best first where the moment has no say.

    Never changes once it is made.
    """

    def __init__(self, offers: Iterable[Offer]) -> None:
        self.offers = tuple(offers)
        """In the order of the file."""
        usual = [
            Candidate(one, 1.0, one.score) for offer in self.offers for one in offer.treatments
        ]
        self.candidates = tuple(sorted(usual, key=_worst_last))
        """All, with a weight of 1, by score; equal ones in the order of the file."""


def score(
    propensity: float, weight: float, value: float, lever: float, cost: float, power: float
) -> float:
    """P^a x C x V x L - cost, in the shop's currency."""
    likely = propensity if power == 1.0 else propensity**power
    return likely * weight * value * lever - cost


def reckoning(one: Treatment, propensity: float, weight: float, power: float) -> str:
    """The score in words: the terms that are not 1."""
    likely = f"propensity {propensity:g}" + (f"^{power:g}" if power != 1.0 else "")
    factors = [
        likely if propensity != 1.0 else "",
        f"weight {weight:g}" if one.weight is not None else "",
        f"value {one.value:g}",
        f"lever {one.lever:g}" if one.lever != 1.0 else "",
    ]
    product = " × ".join(filter(None, factors))  # noqa: RUF001 - the sign is meant
    return f"{product} − cost {one.cost:g}" if one.cost else product  # noqa: RUF001 - so is this


def weighed(usual: Candidate, weight: float, power: float) -> Candidate:
    """The same treatment with another weight."""
    one = usual.treatment
    worth = score(one.propensity, weight, one.value, one.lever, one.cost, power)
    return Candidate(one, weight, worth)


def best_first(candidates: Iterable[Candidate], customer_id: str) -> list[Candidate]:
    """By score; equal ones of different offers by a stable hash of customer and offer, and those of
    one offer in the order in which they come."""
    ranked = sorted(candidates, key=_worst_last)
    if any(_tied(a, b) for a, b in pairwise(ranked)):
        lots = {
            offer: identity(customer_id, offer) for offer in {c.treatment.offer for c in ranked}
        }
        ranked.sort(key=lambda one: (-one.score, lots[one.treatment.offer]))
    return ranked


def _worst_last(one: Candidate) -> float:
    return -one.score


def _tied(a: Candidate, b: Candidate) -> bool:
    return a.score == b.score and a.treatment.offer != b.treatment.offer
