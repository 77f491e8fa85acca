"""The open cart.

`Product Added` and `Product Removed` change one line; `Cart Viewed` and `Checkout Started`, where
they list their products, say the whole cart; `Order Completed` empties it. Whatever is older than
the last word on the whole cart changes nothing; apart from that, events count as they come.
"""

from typing import Final

from state.bounds import LINES_KEPT, make_room
from state.fold.interests import ADDED, interest
from state.fold.reading import Properties, number, products, word
from state.profile import CartLine, Profile
from state.sections import CART

MOST: Final = 1_000_000
"""Pieces of one product; more is not believed."""


def added(profile: Profile, properties: Properties, at_ms: int) -> int:
    """Product Added: `product_id` (or `sku`), `quantity` (else 1), `price`, `category`."""
    bits = interest(profile, properties, at_ms, ADDED)
    cart = profile.cart
    product = _product(profile, properties)
    if not product or at_ms < cart.stated_at:
        return bits
    _put(profile, product, properties)
    _changed(profile, properties, at_ms)
    return bits | CART


def removed(profile: Profile, properties: Properties, at_ms: int) -> int:
    """Product Removed: `quantity` pieces of a product, or all when none is said."""
    cart = profile.cart
    product = _product(profile, properties)
    line = cart.lines.get(product)
    if line is None or at_ms < cart.stated_at:
        return 0
    pieces = _pieces(properties) or line.quantity
    if pieces >= line.quantity:
        del cart.lines[product]
    else:
        line.quantity -= pieces
    _changed(profile, properties, at_ms)
    return CART


def stated(profile: Profile, properties: Properties, at_ms: int) -> int:
    """Cart Viewed, Checkout Started: the whole cart, when `products` lists it."""
    cart = profile.cart
    listed = products(profile, properties)
    if listed is None or at_ms < cart.stated_at:
        return 0
    cart.lines.clear()
    for described in listed:
        product = _product(profile, described)
        if product:
            _put(profile, product, described)
    cart.stated_at = at_ms
    _changed(profile, properties, at_ms)
    return CART


def emptied(profile: Profile, at_ms: int) -> int:
    """The cart was bought."""
    cart = profile.cart
    if at_ms < cart.stated_at:
        return 0
    cart.lines.clear()
    cart.cart_id = ""
    cart.value = 0.0
    cart.stated_at = at_ms
    cart.updated_at = max(cart.updated_at, at_ms)
    return CART


def _product(profile: Profile, properties: Properties) -> str:
    return word(profile, properties.get("product_id")) or word(profile, properties.get("sku"))


def _pieces(properties: Properties) -> int:
    """The quantity said, 0 when none is or it makes no sense."""
    quantity = number(properties.get("quantity"))
    return int(quantity) if quantity is not None and 1.0 <= quantity <= MOST else 0


def _put(profile: Profile, product: str, properties: Properties) -> None:
    """Add to the product's line; the last price and category said hold for all pieces."""
    lines = profile.cart.lines
    line = lines.get(product)
    if line is None:
        make_room(profile, lines, LINES_KEPT, _worth)
        line = lines[product] = CartLine()
    line.quantity = min(line.quantity + (_pieces(properties) or 1), MOST)
    price = number(properties.get("price"))
    if price is not None and price >= 0.0:
        line.price = price
    line.category = word(profile, properties.get("category")) or line.category


def _worth(line: CartLine) -> float:
    return line.quantity * line.price


def _changed(profile: Profile, properties: Properties, at_ms: int) -> None:
    cart = profile.cart
    cart.cart_id = word(profile, properties.get("cart_id")) or cart.cart_id
    # Summed anew: adding and taking away floats would leave crumbs in an empty cart.
    cart.value = sum(map(_worth, cart.lines.values()), 0.0)
    cart.updated_at = max(cart.updated_at, at_ms)
