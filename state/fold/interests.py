"""Which categories the customer cares for: each event gives its weight to each category it names.

A category is `properties.category`, and that of each of `properties.products`; an event names it
once, however many products it has.
"""

from typing import Final

from state.bounds import CATEGORIES_KEPT, make_room
from state.decay import add, decayed
from state.fold.reading import Properties, products, word
from state.profile import Interest, Profile
from state.sections import AFFINITY

VIEWED: Final = 1.0
SCANNED: Final = 2.0
WISHED: Final = 2.0
ADDED: Final = 3.0
ORDERED: Final = 5.0


def interest(profile: Profile, properties: Properties, at_ms: int, weight: float = VIEWED) -> int:
    """Give `weight`, as of `at_ms`, to the categories named; returns the sections that changed."""
    category = properties.get("category")
    if "products" not in properties:
        # Most events are views of one product: straight to the score.
        held = profile.affinity.get(category) if type(category) is str else None
        if held is not None:
            add(held, weight, at_ms)
            return AFFINITY
    # A dict, not a set: which category is trimmed must not hang on the hash seed.
    names = {word(profile, category): None}
    for product in products(profile, properties) or ():
        names[word(profile, product.get("category"))] = None
    names.pop("", None)
    for name in names:
        _give(profile, name, at_ms, weight)
    return AFFINITY if names else 0


def wished(profile: Profile, properties: Properties, at_ms: int) -> int:
    """A product was put on a wish list, shared or reviewed."""
    return interest(profile, properties, at_ms, WISHED)


def _give(profile: Profile, category: str, at_ms: int, weight: float) -> None:
    affinity = profile.affinity
    held = affinity.get(category)
    if held is not None:
        add(held, weight, at_ms)
        return
    if len(affinity) >= CATEGORIES_KEPT:
        newest = max([held.at for held in affinity.values()])
        make_room(
            profile, affinity, CATEGORIES_KEPT, lambda held: decayed(held.score, held.at, newest)
        )
    affinity[category] = Interest(weight, at_ms)
