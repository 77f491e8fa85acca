"""Touchpoints for tests of the state: single ones, and the ordinary traffic of a customer."""

import random
from collections.abc import Iterator
from typing import Any

from state.touchpoint import Touchpoint, identity

START_MS = 1_770_000_000_000
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS

CATEGORIES = (
    "Shoes",
    "Outdoor",
    "Kitchen",
    "Books",
    "Garden",
    "Toys",
    "Electronics",
    "Women > Coats",
)


def touchpoint(
    name: str,
    at_ms: int = START_MS,
    properties: dict[str, Any] | None = None,
    *,
    channel: str = "click",
    kind: str = "track",
    traits: dict[str, Any] | None = None,
    message_id: str = "",
) -> Touchpoint:
    """One event of the customer `c`; the same arguments give the same event."""
    message_id = message_id or f"{channel}/{name}/{at_ms}/{properties}/{traits}"
    digest = identity("c", message_id)
    return Touchpoint(
        id=digest.hex(),
        fingerprint=digest[:8],
        message_id=message_id,
        customer_id="c",
        channel=channel,
        type=kind,
        name=name,
        at_ms=at_ms,
        received_ms=at_ms,
        properties=properties or {},
        traits=traits or {},
        raw=b"{}",
    )


def ordinary(seed: int, events: int) -> list[Touchpoint]:
    """One customer's events in order of time: visits with funnels, mails, now and then a chat."""
    dice = random.Random(seed)
    taste = dice.sample(CATEGORIES, k=4)
    came: list[Touchpoint] = []
    at_ms = START_MS
    while len(came) < events:
        at_ms += int(dice.expovariate(1 / (36 * HOUR_MS))) + HOUR_MS
        visit = dice.choices((_browsing, _mail, _kiosk, _chat), weights=(70, 20, 7, 3))[0]
        for channel, name, properties in visit(dice, taste):
            at_ms += dice.randrange(2_000, 90_000)
            number = f"m{len(came)}"
            if name == "Identified":
                came.append(
                    touchpoint(name, at_ms, kind="identify", traits=properties, message_id=number)
                )
            else:
                came.append(touchpoint(name, at_ms, properties, channel=channel, message_id=number))
    return came[:events]


Steps = Iterator[tuple[str, str, dict[str, Any]]]


def _product(dice: random.Random, taste: list[str]) -> dict[str, Any]:
    number = dice.randrange(2_000)
    return {
        "product_id": f"sku-{number:05}",
        "name": f"Product {number}",
        "category": taste[min(int(dice.expovariate(1.2)), len(taste) - 1)],
        "price": round(5 + number * 0.1, 2),
    }


def _browsing(dice: random.Random, taste: list[str]) -> Steps:
    if dice.random() < 0.05:
        yield "click", "Identified", {"plan": "gold", "age": 41, "city": "Utrecht", "vip": True}
    yield "click", "Page Viewed", {"path": "/"}
    for _ in range(dice.randrange(1, 8)):
        product = _product(dice, taste)
        if dice.random() < 0.4:
            yield "click", "Product List Viewed", {"category": product["category"]}
        yield "click", "Product Viewed", product
        if dice.random() < 0.15:
            yield "click", "Products Searched", {"query": "warm"}
        if dice.random() < 0.05:
            yield "click", "Offer Shown", {"decision_id": "a" * 32}
    if dice.random() < 0.25:
        yield "click", "Product Added", product | {"quantity": 1, "cart_id": "cart-1"}
        yield "click", "Cart Viewed", {"products": [product | {"quantity": 1}]}
        if dice.random() < 0.1:
            yield "click", "Product Removed", product
        elif dice.random() < 0.5:
            total = product["price"]
            yield "click", "Checkout Started", {"value": total, "products": [product]}
            yield "click", "Payment Info Entered", {"order_id": "o"}
            yield "click", "Order Completed", {"total": total, "products": [product]}


def _mail(dice: random.Random, _: list[str]) -> Steps:
    yield "email", "Email Delivered", {"campaign": "spring"}
    if dice.random() < 0.3:
        yield "email", "Email Opened", {"campaign": "spring"}
        if dice.random() < 0.3:
            yield "email", "Email Link Clicked", {"campaign": "spring"}


def _kiosk(dice: random.Random, taste: list[str]) -> Steps:
    yield "kiosk", "Kiosk Session Started", {"kiosk_id": "k7"}
    product = _product(dice, taste)
    yield "kiosk", "Kiosk Item Scanned", product
    if dice.random() < 0.8:
        yield "kiosk", "Kiosk Transaction Completed", {"total": product["price"]}
    else:
        yield "kiosk", "Kiosk Transaction Failed", {"reason": "paper"}
    yield "kiosk", "Kiosk Session Ended", {}


def _chat(dice: random.Random, _: list[str]) -> Steps:
    yield "chat", "Live Chat Conversation Started", {"agent_id": "a1"}
    for _index in range(dice.randrange(1, 6)):
        yield "chat", "Live Chat Message Sent", {}
        yield "chat", "Live Chat Message Received", {}
    yield "chat", "Live Chat Conversation Ended", {"rating": dice.randrange(1, 6)}
