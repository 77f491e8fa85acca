"""What customers have declared to be interested in, and which offers are about that.

An offer with topics is made only to whom one of them interests. What it is worth is multiplied by
the share of its topics that do: of two articles with one topic in common with the customer, the one
that is about nothing else comes first.
"""

from collections.abc import Collection, Iterable
from typing import Final

from decisions.language import EvaluationError, Value
from decisions.offering.catalogue import Offer
from decisions.world import World
from state.bounds import ITEMS_KEPT, LISTS_KEPT, TRAIT_BYTES
from state.profile import Profile
from state.touchpoint import Touchpoint

INTERESTS: Final = "interests"
"""The trait that holds them where a playbook says nothing else; and what an error counts as."""
MOST_DECLARED: Final = LISTS_KEPT * ITEMS_KEPT
"""Topics: as many as all lists among a customer's traits hold."""
TOPIC_BYTES: Final = TRAIT_BYTES
"""Of UTF-8: a longer one could not be declared."""
ALONE: Final = "1.0"
"""What an offer with topics weighs before their share, where the playbook says nothing."""


def declared(
    interests: Value, profile: Profile, touchpoint: Touchpoint, now_ms: int
) -> tuple[str, ...] | None:
    """What interests a customer, each topic once, in the order in which they were said.

    None: it ends in an error, or is no list of at most MOST_DECLARED topics.
    """
    try:
        said = interests(profile, touchpoint, now_ms)
    except EvaluationError:
        return None
    if not isinstance(said, list) or len(said) > MOST_DECLARED:
        return None
    if not all(isinstance(one, str) and len(one) <= TOPIC_BYTES for one in said):
        return None
    return tuple(dict.fromkeys(said))


def topics_of(offer: Offer, world: World) -> tuple[str, ...]:
    """What an offer is about, each topic once: its own, then the categories of its products, where
    they count and the catalogue says them."""
    if not offer.topics_of_products or world.products is None:
        return offer.topics
    known = map(world.products.get, offer.products)
    categories = [one.product.category for one in known if one and one.product]
    return tuple(dict.fromkeys((*offer.topics, *filter(None, categories))))


def share(topics: Collection[str], interests: Iterable[str]) -> float:
    """The part of `topics`, each there once, that is among `interests`, from 0 to 1; without topics
    it is 1."""
    return len({*topics}.intersection(interests)) / len(topics) if topics else 1.0
