"""The catalogue's records, read: what the shop's back end says of a product.

Pure; a record that cannot be read is a value with a reason, which says nothing of what was in it.
"""

from typing import Final

import msgspec
from msgspec import Struct

from state.product import Product

MAX_PRODUCT_ID: Final = 128
"""Characters."""

_decode = msgspec.json.Decoder(Product).decode


class Unreadable(Struct, frozen=True):
    """A record that says nothing."""

    reason: str


def read_id(key: bytes | None) -> str | Unreadable:
    """The product that a record is about: its key."""
    if not key:
        return Unreadable("key: expected a product's id, got none")
    try:
        product = key.decode()
    except UnicodeDecodeError:
        return Unreadable("key: expected UTF-8, got other bytes")
    if len(product) > MAX_PRODUCT_ID:
        return Unreadable(f"key: expected at most {MAX_PRODUCT_ID} characters, got {len(product)}")
    return product


def read_product(value: bytes | None) -> Product | Unreadable | None:
    """What it says of it: None for a tombstone, as the product is gone."""
    if value is None:
        return None
    try:
        product: Product = _decode(value)
    except msgspec.DecodeError as error:
        return Unreadable(f"value: {error}")
    return product
