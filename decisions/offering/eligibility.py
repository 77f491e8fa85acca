"""The eligibility index: which offers customers may have who are alike, found once for all of them.

Most offers ask for segments, an arm and a consent, and of these there are few combinations among
many customers. What hangs on more than that is asked of each customer, each time.
"""

from collections.abc import Iterable, Set
from functools import lru_cache
from typing import Final

from decisions.offering.catalogue import Offer
from decisions.offering.experiments import EVERYTHING, HELD_OUT, control_of
from state.profile import Profile
from state.sections import SEGMENTS
from state.touchpoint import silence

COMBINATIONS_KEPT: Final = 256
"""Those met last: of 50 offers at most 4 KB for each, of 1,000 at most 33 KB."""


class Index:
    """Offers by what they ask for. Never changes once it is made."""

    def __init__(self, offers: Iterable[Offer]) -> None:
        every = tuple(offers)
        self._settled = tuple(offer for offer in every if is_settled(offer))
        self.others = tuple(offer for offer in every if not is_settled(offer))
        """Those that are to be asked for each time."""
        asked = [when for offer in self._settled for _, when in offer.layers]
        self._segments = frozenset().union(*(when.segments for when in asked))
        groups = {offer.group for offer in self._settled}
        self._arms = frozenset(
            {(EVERYTHING, HELD_OUT), *((control_of(g), HELD_OUT) for g in groups)}
        )
        self._arms = self._arms.union(*(offer.arms for offer in self._settled))
        self._purposes = frozenset(offer.purpose for offer in self._settled)
        self._open_to = lru_cache(COMBINATIONS_KEPT)(self._find)

    def open_to(
        self, segments: Iterable[str], arms: Set[tuple[str, str]], refused: Set[str]
    ) -> frozenset[str]:
        """What customers may have of all the rest who are in these segments and arms (experiment,
        arm) and do not agree to these purposes, if they ask without a context; by their ids."""
        return self._open_to(
            self._segments.intersection(segments), self._arms & arms, self._purposes & refused
        )

    def _find(
        self, segments: frozenset[str], arms: frozenset[tuple[str, str]], refused: frozenset[str]
    ) -> frozenset[str]:
        profile = Profile(segments=dict.fromkeys(segments, 0))
        nothing = silence("", 0, 0)
        return frozenset(
            offer.id
            for offer in self._settled
            if not is_held_out(offer, arms)
            and not (offer.arms and offer.arms.isdisjoint(arms))
            and offer.purpose not in refused
            and all(when(profile, nothing, 0) for _, when in offer.layers)
        )


def is_settled(offer: Offer) -> bool:
    """Whether it asks for segments, an arm and a consent alone."""
    asked = [when for _, when in offer.layers]
    return not (
        offer.timed
        or offer.products
        or offer.budget
        or offer.interests
        or any(when.reads & ~SEGMENTS or when.fallible for when in asked)
    )


def is_held_out(offer: Offer, arms: frozenset[tuple[str, str]]) -> bool:
    """Whether who is in these arms is in a control that keeps it from them."""
    if offer.fallback:
        return False
    return (EVERYTHING, HELD_OUT) in arms or (control_of(offer.group), HELD_OUT) in arms
