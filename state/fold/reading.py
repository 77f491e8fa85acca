"""Reading properties, which anybody can fill with anything: never an error, only no value."""

from typing import Any, Final

from state.bounds import PRODUCTS_READ, cut
from state.profile import Profile

Properties = dict[str, Any]

LARGEST: Final = 1e12


def number(value: object) -> float | None:
    """A JSON number within +-1e12, else None; a bool is no number, neither is a string of one."""
    if (type(value) is float or type(value) is int) and -LARGEST <= value <= LARGEST:
        return float(value)
    return None


def amount(properties: Properties) -> float | None:
    """The first of `total`, `revenue`, `value` that is a number from 0 to 1e12, else None."""
    for name in ("total", "revenue", "value"):
        value = number(properties.get(name))
        if value is not None and value >= 0.0:
            return value
    return None


def word(profile: Profile, value: object) -> str:
    """A name or an id, cut to its limit; a 64-bit integer is spelt out, anything else is ""."""
    if type(value) is str:
        return cut(profile, value)
    if type(value) is int and -(1 << 63) <= value < 1 << 63:
        return str(value)
    return ""


def products(profile: Profile, properties: Properties) -> list[Properties] | None:
    """The objects among the first 100 of `products`; None when it is no list or holds none.

    A list that is empty is a statement (of an empty cart) and stays one.
    """
    listed = properties.get("products")
    if type(listed) is not list:
        return None
    if len(listed) > PRODUCTS_READ:
        profile.trimmed += 1
        listed = listed[:PRODUCTS_READ]
    objects = [product for product in listed if type(product) is dict]
    return objects if objects or not listed else None
