"""Whether the products of an offer are there to be sold, and what they cost together."""

from collections.abc import Sequence

from decisions.offering.catalogue import Offer
from decisions.world import World


def first_sold_out(products: Sequence[str], world: World) -> str:
    """The first of `products` that the catalogue does not have, or has none of; "" where all are
    there to be sold."""
    listed = world.products
    if listed is None:
        return ""
    for product in products:
        known = listed.get(product)
        if known is None or known.sold_out:
            return product
    return ""


def price_of(offer: Offer, world: World) -> float | None:
    """What an offer's products cost together, in the shop's currency: what the playbook says, else
    the sum of their prices; None where one is not known."""
    if offer.price is not None or not offer.products:
        return offer.price
    total = 0.0
    for product in offer.products:
        known = world.products.get(product) if world.products is not None else None
        if known is None or known.product is None or known.product.price is None:
            return None
        total += known.product.price
    return total
