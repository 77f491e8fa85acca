"""In which order offers are looked at."""

from collections.abc import Iterable, Iterator

from decisions.rules import Offer
from state.touchpoint import identity


class Ranking:
    """Offers, best score first; equal scores in an order that is each customer's own, and stays so.

    Never changes once it is made.
    """

    def __init__(self, offers: Iterable[Offer]) -> None:
        groups: dict[float, list[Offer]] = {}
        for offer in sorted(offers, key=lambda offer: -offer.score):
            groups.setdefault(offer.score, []).append(offer)
        self._groups = tuple(groups.values())
        """Offers of one score together."""
        untied = all(len(group) == 1 for group in self._groups)
        self._same = tuple(group[0] for group in self._groups) if untied else None
        """The order that is everybody's; None when scores are equal."""

    def of(self, customer_id: str) -> Iterable[Offer]:
        """The order for this customer."""
        return self._own(customer_id) if self._same is None else self._same

    def _own(self, customer_id: str) -> Iterator[Offer]:
        for group in self._groups:
            if len(group) == 1:
                yield group[0]
            else:
                yield from sorted(group, key=lambda offer: identity(customer_id, offer.id))
