"""An event in a few words: what of its properties somebody who looks at a customer wants to know.

The names are those that docs/events.md reads; of others nothing is said, since a property may hold
anything.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from flows.commands.phrases import count, number, printable

MAX_WORDS = 60
"""Characters of one value."""
TEXTS = (
    ("name", ""),
    ("category", ""),
    ("query", "for "),
    ("email_subject", ""),
    ("offer_id", ""),
    ("topic", "about "),
    ("kiosk_id", ""),
    ("store", "in "),
    ("reason", ""),
    ("error", ""),
)
"""Property and what is said before it, in the order of telling."""


def telling(properties: Mapping[str, Any] | None) -> str:
    """`kids-09, kids, 2 x 31.47`; empty when there is nothing to tell."""
    return ", ".join(_parts(properties or {}))


def _parts(properties: Mapping[str, Any]) -> Iterator[str]:
    if not properties.get("name"):
        product = properties.get("product_id") or properties.get("sku")
        if isinstance(product, str):
            yield _cut(product)
    for name, before in TEXTS:
        value = properties.get(name)
        if isinstance(value, str) and value:
            yield before + _cut(value)
    products = properties.get("products")
    if isinstance(products, list) and products:
        yield count(len(products), "product")
    if (price := _amount(properties, "price")) is not None:
        quantity = _amount(properties, "quantity")
        yield (
            number(price) if quantity in (None, 1) else f"{number(quantity or 0)} x {number(price)}"
        )
    for name in ("total", "revenue", "value"):
        if (total := _amount(properties, name)) is not None:
            yield f"total {number(total)}"
            break
    if (rating := _amount(properties, "rating")) is not None:
        yield f"rated {number(rating)} of 5"


def _amount(properties: Mapping[str, Any], name: str) -> float | None:
    value = properties.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _cut(text: str) -> str:
    text = printable(text)
    return text if len(text) <= MAX_WORDS else text[: MAX_WORDS - 3] + "..."
