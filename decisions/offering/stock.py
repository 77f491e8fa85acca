"""Whether the products of an offer are there to be sold, and units of its budget; what products
cost together."""

from collections.abc import Iterator, Sequence

from decisions.acting import BY_BUDGET, BY_STOCK
from decisions.budgets.purse import is_closed, purse_of
from decisions.offering.catalogue import Offer
from decisions.playbook import Playbook
from decisions.world import World
from state.profile import HeldOffer


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


def is_used_up(offer: Offer, world: World) -> bool:
    """Whether nothing more is offered of its budget."""
    if offer.budget is None:
        return False
    purse = purse_of(world.budgets, offer.budget)
    return purse is not None and is_closed(purse, offer.budget)


def needs(held: HeldOffer, playbook: Playbook) -> Iterator[str]:
    """What it is withdrawn for when there is none any more: products, and the budget; named as the
    cause of the choice that is made then."""
    for product in held.products:
        yield f"{BY_STOCK}{product}"
    offer = playbook.offers.get(held.offer_id)
    if offer is not None and offer.budget is not None:
        yield f"{BY_BUDGET}{offer.budget.id}"


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
