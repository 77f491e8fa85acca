"""Events written by hand: what the simulator seldom sends or never does."""

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tests.oracle.deeds import text_of

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

Story = list[tuple[int, str, dict[str, Any]]]
"""(milliseconds before the end of the act, event, properties), in the order sent."""


class Sent(NamedTuple):
    """A record on its way to its channel's topic."""

    channel: str
    customer: str
    value: bytes
    good: bool = True
    """Otherwise it is to become a dead letter."""


def line(product: object, price: float, category: str, **more: Any) -> dict[str, Any]:
    return {"product_id": product, "price": price, "category": category, **more}


SHOES = line("shoes-01", 89.5, "shoes")
TENT = line(4711, 310.1, "outdoor", quantity=2)

SHOPPER: Story = [
    (9 * HOUR, "Order Completed", {"total": 1500.25, "products": [SHOES, TENT]}),
    (8 * HOUR, "Order Completed", {"revenue": 1200, "total": "1,200", "category": "kids"}),
    (7 * HOUR, "Order Completed", {"order_id": "unpaid"}),
    (6 * HOUR, "Order Refunded", {"total": 300.25}),
    (6 * HOUR, "Order Refunded", {"reason": "says no amount"}),
    (5 * HOUR, "Order Cancelled", {"value": 1200}),
    (9 * DAY, "Order Completed", {"total": 77.7, "category": "sale"}),  # comes late
    (4 * HOUR, "Order Refunded", {"total": -5}),
    (-2 * MINUTE, "Product Viewed", {"category": "shoes"}),  # a clock ahead
    (29 * DAY, "Product Viewed", {"category": "shoes"}),
    (3 * DAY, "Product Shared", {"category": "bags", "products": [SHOES, TENT, SHOES]}),
]
CARTS: Story = [
    (5 * HOUR, "Product Added", {**SHOES, "cart_id": "k1", "quantity": 3}),
    (5 * HOUR - 1, "Product Removed", {"product_id": "shoes-01", "quantity": 1}),
    (4 * HOUR, "Product Removed", {"product_id": "never there"}),
    (4 * HOUR, "Product Added", {"sku": "socks", "price": 9.9, "category": "sale"}),
    (4 * HOUR, "Product Added", {"sku": "socks", "price": 7.5, "quantity": 0}),
    (4 * HOUR, "Product Added", {"product_id": True, "price": 1}),
    (3 * HOUR, "Product Removed", {"product_id": "shoes-01"}),
    (2 * HOUR, "Cart Viewed", {"products": [SHOES, TENT, TENT], "cart_id": "k2"}),
    (3 * HOUR, "Product Added", {"product_id": "too late", "price": 5}),
    (2 * HOUR, "Checkout Started", {"value": 900}),  # lists nothing
    (1 * HOUR, "Product Added", line("coat", 400, "jackets")),
    (1 * HOUR, "Product Removed", line("coat", 400, "jackets")),
]
EMPTY_CART: Story = [
    (2 * HOUR, "Product Added", SHOES),
    (1 * HOUR, "Cart Viewed", {"products": []}),
]
READER: Story = [
    (9 * HOUR, "Email Delivered", {}),
    (9 * HOUR, "Email Sent", {}),
    (8 * HOUR, "Email Opened", {}),
    (8 * HOUR, "Email Opened", {}),
    (7 * HOUR, "Email Link Clicked", {}),
    (6 * HOUR, "Unsubscribed", {}),
    (7 * HOUR, "Subscribed", {}),  # the older word
    (5 * HOUR, "Email Bounced", {}),
    (5 * HOUR, "Email Bounced", {}),
    (5 * HOUR, "Email Bounced", {}),
    (5 * HOUR, "Email Bounced", {}),
]
BACK_AGAIN: Story = [
    (4 * HOUR, "Subscribed", {}),
    (4 * HOUR, "Email Marked as Spam", {}),  # at the same instant: stronger
    (3 * HOUR, "Subscribed", {}),
]
WALKER: Story = [
    (6 * HOUR, "Kiosk Session Started", {}),
    (6 * HOUR, "Kiosk Item Scanned", SHOES),
    (6 * HOUR, "Kiosk Transaction Failed", {"kiosk_id": "k-1", "store": "north"}),
    (6 * HOUR, "Kiosk Transaction Failed", {"kiosk_id": "k-1", "store": "north"}),
    (5 * HOUR, "Kiosk Transaction Failed", {"kiosk_id": "k-2", "store": "south"}),
    (5 * HOUR, "Kiosk Transaction Failed", {"kiosk_id": "k-1", "store": "north"}),
    (5 * HOUR, "Kiosk Transaction Failed", {"store": "nameless"}),
    (5 * HOUR, "Kiosk Transaction Failed", {"store": "nameless"}),
    (4 * HOUR, "Kiosk Transaction Completed", {"products": [SHOES]}),  # says no amount
    (4 * HOUR, "Kiosk Transaction Completed", {"total": 89.5, "products": [SHOES]}),
    (4 * HOUR, "Kiosk Session Ended", {}),
]
TALKER: Story = [
    (5 * HOUR, "Live Chat Conversation Started", {}),
    (5 * HOUR, "Live Chat Message Sent", {}),
    (4 * HOUR, "Live Chat Conversation Ended", {"rating": 2}),
    (3 * HOUR, "Live Chat Conversation Ended", {"rating": 0}),
    (3 * HOUR, "Live Chat Conversation Ended", {"rating": "5"}),
    (3 * HOUR, "Live Chat Conversation Ended", {"rating": True}),
    (3 * HOUR, "Live Chat Conversation Ended", {"rating": 6}),
    (5 * HOUR, "Live Chat Conversation Ended", {"rating": 5}),  # comes late
    (2 * HOUR, "Live Chat Conversation Ended", {"rating": 2}),
    (2 * HOUR, "Live Chat Conversation Ended", {"rating": 1}),  # at the same instant
    (2 * HOUR, "Live Chat Conversation Started", {}),
]
VISITOR: Story = [
    (9 * HOUR, "Looked Around", {"$": None}),
    (9 * HOUR - 30 * MINUTE, "Looked Around", {}),  # just in time
    (9 * HOUR - 60 * MINUTE - 1, "Looked Around", {}),  # a millisecond too late
    (9 * HOUR - 35 * MINUTE, "Looked Around", {}),  # moves the visit's beginning
    (9 * HOUR + 20 * MINUTE, "Looked Around", {}),  # older than that
    (1 * HOUR, "Ünïcode 名前", {"total": 5}),
]
RICH: Story = [
    (9 * HOUR, "Order Completed", {"total": 2500.0}),
    (8 * HOUR, "Product Added", TENT),
    (8 * HOUR, "Kiosk Transaction Failed", {"kiosk_id": "k-1"}),
    (7 * HOUR, "Live Chat Conversation Started", {}),
    (7 * HOUR, "Live Chat Conversation Ended", {"rating": 1}),
    (6 * HOUR, "Unsubscribed", {}),
]
REGULAR: Story = [
    (9 * HOUR, "Order Completed", {"total": 25}),
    (8 * HOUR, "Order Completed", {"total": 25}),
    (7 * HOUR, "Order Completed", {"total": 25}),
    (6 * HOUR, "Kiosk Session Started", {}),
]
HUNTER: Story = [
    (9 * HOUR, "Email Opened", {}),
    (9 * HOUR, "Email Opened", {}),
    *[(8 * HOUR, "Product Added", line("sale-01", 5, "sale"))] * 4,
]
TOLD = [
    (9 * HOUR, {"city": "Zürich", "age": 41.0, "plan": "premium", "unknown": 1}),
    (8 * HOUR, {"city": 3, "age": 41.5, "plan": True, "score": 7, "member": 1}),
    (9 * HOUR, {"city": "too late", "member": True, "age": None}),
    (7 * HOUR, {"plan": None, "score": 0.5, "member": False}),
]

STORIES: dict[str, list[tuple[str, Story]]] = {
    "rare-shopper": [("click", SHOPPER)],
    "rare-carts": [("click", CARTS)],
    "rare-empty": [("click", EMPTY_CART)],
    "rare-reader": [("email", READER)],
    "rare-fickle": [("email", READER), ("email", BACK_AGAIN)],
    "rare-walker": [("kiosk", WALKER), ("chat", TALKER)],
    "rare-talker": [("chat", TALKER)],
    "rare-vip": [("click", SHOPPER), ("click", CARTS), ("chat", TALKER), ("email", READER)],
    "rare-vip-2": [("chat", TALKER), ("click", SHOPPER), ("email", READER), ("kiosk", WALKER)],
    "rare-rich": [("click", RICH)],
    "rare-regular": [("kiosk", REGULAR)],
    "rare-hunter": [("email", HUNTER)],
    "rare-visitor": [("click", VISITOR)],
}


def rare_events(act: str, end_ms: int) -> Iterator[Sent]:
    """All of them once, with ids of this act."""
    ids = (f"{act}-{number}" for number in itertools.count())

    def event(customer: str, at_ms: int, **fields: Any) -> dict[str, Any]:
        own = {"messageId": next(ids), "type": "track", "userId": customer}
        return own | {"timestamp": text_of(at_ms)} | fields

    for customer, parts in STORIES.items():
        for channel, story in parts:
            for before_ms, name, properties in story:
                told = event(customer, end_ms - before_ms, event=name, properties=properties)
                yield sent(channel, customer, told)
    for before_ms, traits in TOLD:
        told = event("rare-teller", end_ms - before_ms, type="identify", traits=traits)
        yield sent("click", "rare-teller", told)
    for kind in ("page", "screen", "group", "alias"):
        yield sent("click", "rare-kinds", event("rare-kinds", end_ms - HOUR, type=kind))
    at_ms = end_ms - HOUR
    nobody = event("", at_ms, event="Product Viewed", userId=None, anonymousId="rare-nobody")
    yield sent("click", "rare-nobody", nobody | {"properties": {"category": "home"}})
    elsewhere = {"timestamp": None, "originalTimestamp": text_of(at_ms)[:-1] + "987+02:00"}
    yield sent("click", "rare-zone", event("rare-zone", at_ms, event="Wished") | elsewhere)
    same = event("rare-twin-1", at_ms, event="Wished")
    yield sent("click", "rare-twin-1", same)
    yield sent("click", "rare-twin-2", same | {"userId": "rare-twin-2"})
    yield sent("click", "rare-twin-1", same)  # a repeat
    yield from ahead(event, end_ms)
    if act in ("third", "fourth"):  # whose playbook remembers 200
        first = event("rare-echo", at_ms, event="Echoed")
        yield sent("click", "rare-echo", first)
        for _ in range(100):
            yield sent("click", "rare-echo", event("rare-echo", at_ms, event="Between"))
        yield sent("click", "rare-echo", first)
    for wrong in (
        event("rare-wrong", end_ms - 31 * DAY, event="Too Late"),
        event("rare-wrong", end_ms + DAY, event="Too Early"),
        event("rare-wrong", end_ms + DAY, event="Too Early", sentAt=text_of(end_ms)),
        event("rare-wrong", end_ms + DAY, event="Too Early", receivedAt=text_of(end_ms + DAY)),
        event("rare-wrong", at_ms),
        event("rare-wrong", at_ms, event="Wished", properties=[]),
    ):
        yield sent("click", "rare-wrong", wrong)._replace(good=False)


def ahead(event: Callable[..., dict[str, Any]], end_ms: int) -> Iterator[Sent]:
    """By clocks that are ahead, received at the end of the act: an hour after it happened, by what
    the device says of itself; at once; and one that is too far ahead for one of the playbooks."""
    received = {"receivedAt": text_of(end_ms)}
    device = {"sentAt": text_of(end_ms + DAY + HOUR), **received}
    odd = {"originalTimestamp": text_of(end_ms + DAY + 30 * MINUTE)}
    for at_ms, told in (
        (end_ms + DAY, device),
        (end_ms + 9 * DAY, device | odd),
        (end_ms + 400 * DAY, received),
        (end_ms + 4 * MINUTE + 30_000, received),
    ):
        name = "rare-ahead"
        yield sent("click", name, event(name, at_ms, event="Looked Around", **told))


def sent(channel: str, customer: str, told: dict[str, Any]) -> Sent:
    return Sent(channel, customer, json.dumps(told, ensure_ascii=False).encode())
