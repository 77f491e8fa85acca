"""What treatments are worth, and in which order they are looked at.

The score of a treatment is P^a x C x V x L - cost: propensity, context weight, value and lever, as
Pega's Customer Decision Hub weighs actions (its documentation, "Action arbitration"), less what it
costs to make it. Its unit is the shop's currency. Equal scores go by an order that is each
customer's own, and stays so.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct

from decisions.language import Value
from decisions.offering.catalogue import Offer, Treatment
from decisions.offering.eligibility import Index
from state.touchpoint import identity

SETS_KEPT: Final = 128
"""Of offers that customers may have together: those met last are not put together again."""


class Candidate(Struct, frozen=True, eq=False, gc=False):
    """A treatment that may be chosen, and what it is worth now."""

    offer: str
    treatment: Treatment
    weight: float
    score: float
    propensity: float
    number: int
    """The treatment's among all of its ranking, in the order of the file."""
    shape: tuple[float, ...] = ()
    """What is believed of the propensity, see `propensity.Appraisal`, where that is learned."""


class Eligible:
    """Treatments of those offers that a customer may have. Never changes once it is made."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self.candidates = tuple(candidates)
        """In the order of their ranking."""
        self.numbers = tuple([one.number for one in self.candidates])
        """Of each its own."""

    def where(self, kept: Callable[[Candidate], object]) -> "Eligible":
        """Those of them for which `kept` says something true."""
        return Eligible(filter(kept, self.candidates))


class Ranking:
    """The treatments of some offers, the best first where the moment has no say.

    Never changes once it is made.
    """

    def __init__(self, offers: Iterable[Offer], *, learned: bool = False) -> None:
        """`learned`: propensities are not those of the playbook."""
        self.offers = tuple(offers)
        """In the order of the file."""
        self.index = Index(self.offers)
        every = [one for offer in self.offers for one in offer.treatments]
        usual = [
            Candidate(one.offer, one, 1.0, one.score, one.propensity, number)
            for number, one in enumerate(every)
        ]
        self.candidates = tuple(sorted(usual, key=_worst_last))
        """All, with a weight of 1, by score; equal ones in the order of the file."""
        self.weighed = any(one.weight is not None for one in every)
        """Whether the moment has a say in what one is worth."""
        self.learned = learned
        self.clear = not self.weighed and not learned and not _tied(self.candidates)
        """Whether this order is everybody's: no two offers are worth the same."""
        self.eligible = lru_cache(SETS_KEPT)(self._eligible)
        """Offers by their ids → their treatments."""

    def _eligible(self, offers: frozenset[str]) -> Eligible:
        return Eligible(one for one in self.candidates if one.offer in offers)


def gain(propensity: float, value: float, lever: float, power: float) -> float:
    """P^a x V x L, in the shop's currency."""
    likely = propensity if power == 1.0 else propensity**power
    return likely * value * lever


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


def weighed(usual: Iterable[Candidate], weights: Mapping[Value | None, float]) -> list[Candidate]:
    """The same treatments with the weights of the moment: P^a x V x L x C - cost. One whose weight
    is not among `weights` is left out."""
    found = []
    for candidate in usual:
        one = candidate.treatment
        weight = weights.get(one.weight)
        if weight is not None:
            score = one.gain * weight - one.cost
            found.append(Candidate(one.offer, one, weight, score, one.propensity, candidate.number))
    return found


def best_first(candidates: Iterable[Candidate], customer_id: str) -> list[Candidate]:
    """By score; equal ones of different offers by a stable hash of customer and offer, and those of
    one offer in the order in which they come."""
    ranked = sorted(candidates, key=_worst_last)
    if _tied(ranked):
        lots = {offer: identity(customer_id, offer) for offer in {one.offer for one in ranked}}
        ranked.sort(key=lambda one: (-one.score, lots[one.offer]))
    return ranked


def _worst_last(one: Candidate) -> float:
    return -one.score


def _tied(candidates: Sequence[Candidate]) -> bool:
    """Whether two offers are worth the same."""
    offer_of = {one.score: one.offer for one in candidates}
    return any(offer_of[one.score] != one.offer for one in candidates)
