"""All that the documentation says is known of a customer, computed from the whole list of deeds.

Nothing is kept between two calls and nothing is clever. Most of it does not depend on the order of
the deeds; visits, cart and traits do, as documented, and are gone through from the first deed on.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import fsum
from typing import Any

from tests.oracle.deeds import Deed

MINUTE_MS = 60_000
DAY_MS = 86_400_000
HALF_LIFE_MS = 30 * DAY_MS

VIEWS = ("Product List Viewed", "Product Clicked", "Product Viewed")
WISHES = ("Product Added to Wishlist", "Product Shared", "Product Reviewed")
WEIGHTS = {
    **dict.fromkeys(VIEWS, 1.0),
    **dict.fromkeys(WISHES, 2.0),
    "Kiosk Item Scanned": 2.0,
    "Product Added": 3.0,
    "Order Completed": 5.0,
    "Kiosk Transaction Completed": 5.0,
}
SENT = ("Email Delivered", "Email Sent")
LEFT = ("Unsubscribed", "Email Marked as Spam")
MAILS = (*SENT, *LEFT, "Email Opened", "Email Link Clicked", "Email Bounced", "Subscribed")
KIOSK = tuple(
    f"Kiosk {what}"
    for what in (
        *("Session Started", "Item Scanned", "Transaction Completed", "Transaction Failed"),
        "Session Ended",
    )
)
CHAT_BEGINS, CHAT_ENDS = "Live Chat Conversation Started", "Live Chat Conversation Ended"
MESSAGES = ("Live Chat Message Sent", "Live Chat Message Received")
WHOLE_CARTS = ("Cart Viewed", "Checkout Started")


def known(deeds: Sequence[Deed], now_ms: int) -> dict[str, Any]:
    """Documented name → value after `deeds`, in the order they were applied, as seen at `now_ms`.

    Times are milliseconds. The collections that a condition asks by key are whole.
    """
    told, refused = traits(deeds)
    return {
        "profile.first_at": min(deed.at_ms for deed in deeds),
        "profile.last_at": latest(deeds),
        "profile.events": dict(Counter(deed.name for deed in deeds)),
        "profile.channels": channels(deeds),
        **visits(deeds),
        **cart(deeds),
        **orders(deeds, now_ms),
        **interests(deeds, now_ms),
        **email(deeds),
        **kiosk(deeds),
        **chat(deeds),
        "profile.consents": consents(deeds),
        "profile.trimmed": refused,
        "customer": told,
    }


def named(deeds: Iterable[Deed], *names: str) -> list[Deed]:
    return [deed for deed in deeds if deed.name in names]


def latest(deeds: Iterable[Deed]) -> int:
    """When the last of them happened; 0 without any."""
    return max((deed.at_ms for deed in deeds), default=0)


def number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def amount(deed: Deed) -> float | None:
    for name in ("total", "revenue", "value"):
        value = number(deed.properties.get(name))
        if value is not None and value >= 0:
            return value
    return None


def word(value: object) -> str:
    """A name, or a whole number spelt out; "" for anything else."""
    named = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value) if named else ""


def products(deed: Deed) -> list[dict[str, Any]] | None:
    """None when none are listed; an empty list is a statement."""
    listed = deed.properties.get("products")
    if not isinstance(listed, list):
        return None
    return [product for product in listed if isinstance(product, dict)]


def channels(deeds: Sequence[Deed]) -> dict[str, dict[str, int]]:
    found = {}
    for channel in {deed.channel for deed in deeds}:
        through = [deed.at_ms for deed in deeds if deed.channel == channel]
        found[channel] = {"events": len(through), "first_at": min(through), "last_at": max(through)}
    return found


def visits(deeds: Sequence[Deed]) -> dict[str, int]:
    """What a mail server or a mail reader reports is no visit."""
    count = begin = end = events = 0
    for deed in deeds:
        if deed.name in MAILS:
            continue
        if count == 0 or deed.at_ms > end + 30 * MINUTE_MS:
            count, begin, end, events = count + 1, deed.at_ms, deed.at_ms, 1
        elif deed.at_ms >= begin - 30 * MINUTE_MS:
            begin, end, events = min(begin, deed.at_ms), max(end, deed.at_ms), events + 1
    return {
        "profile.sessions.count": count,
        "profile.sessions.started_at": begin,
        "profile.sessions.last_at": end,
        "profile.sessions.events": events,
    }


Line = dict[str, Any]


def cart(deeds: Sequence[Deed]) -> dict[str, Any]:
    """What is older than the last word on the whole cart changes nothing."""
    lines: dict[str, Line] = {}
    cart_id, updated, stated = "", 0, 0
    for deed in deeds:
        product = word(deed.properties.get("product_id")) or word(deed.properties.get("sku"))
        if deed.at_ms < stated:
            continue
        if deed.name == "Order Completed":
            lines, stated, cart_id = {}, deed.at_ms, ""
        elif deed.name in WHOLE_CARTS and (listed := products(deed)) is not None:
            lines, stated = {}, deed.at_ms
            for one in listed:
                put(lines, word(one.get("product_id")) or word(one.get("sku")), one)
        elif deed.name == "Product Added" and product:
            put(lines, product, deed.properties)
        elif deed.name == "Product Removed" and product in lines:
            lines[product]["quantity"] -= pieces(deed.properties) or lines[product]["quantity"]
            if lines[product]["quantity"] <= 0:
                del lines[product]
        else:
            continue
        if deed.name != "Order Completed":
            cart_id = word(deed.properties.get("cart_id")) or cart_id
        updated = max(updated, deed.at_ms)
    return {
        "profile.cart.cart_id": cart_id,
        "profile.cart.value": fsum(line["quantity"] * line["price"] for line in lines.values()),
        "profile.cart.items": sum(line["quantity"] for line in lines.values()),
        "profile.cart.products": len(lines),
        "profile.cart.product_ids": list(lines),
        "profile.cart.categories": sorted({line["category"] for line in lines.values()} - {""}),
        "profile.cart.updated_at": updated,
        "lines": lines,
    }


def pieces(said: dict[str, Any]) -> int:
    quantity = number(said.get("quantity"))
    return int(quantity) if quantity is not None and quantity >= 1 else 0


def put(lines: dict[str, Line], product: str, said: dict[str, Any]) -> None:
    """The last price and category said hold for all pieces of a product."""
    line = lines.setdefault(product, {"quantity": 0, "price": 0.0, "category": ""})
    line["quantity"] += pieces(said) or 1
    price = number(said.get("price"))
    if price is not None and price >= 0:
        line["price"] = price
    line["category"] = word(said.get("category")) or line["category"]


def orders(deeds: Sequence[Deed], now_ms: int) -> dict[str, Any]:
    """A kiosk transaction that says its amount is an order; a refund is none, but has a value."""
    placed = [(deed.at_ms, amount(deed) or 0.0) for deed in named(deeds, "Order Completed")]
    for deed in named(deeds, "Kiosk Transaction Completed"):
        paid = amount(deed)
        if paid is not None:
            placed.append((deed.at_ms, paid))
    returned = [
        (deed.at_ms, -(amount(deed) or 0.0))
        for deed in named(deeds, "Order Refunded", "Order Cancelled")
    ]
    value = fsum(value for _, value in placed + returned)
    last_at, last_value = max(placed, default=(0, 0.0))
    first_at = min([at for at, _ in placed], default=0)
    gaps = len(placed) - 1
    since = now_ms - now_ms % DAY_MS - 90 * DAY_MS
    return {
        "profile.orders.count": len(placed),
        "profile.orders.value": value,
        "profile.orders.average": value / len(placed) if placed else 0.0,
        "profile.orders.first_at": first_at,
        "profile.orders.last_at": last_at,
        "profile.orders.interval": (last_at - first_at) // gaps if gaps > 0 else 0,
        "profile.orders.last_value": last_value,
        "profile.orders.value_90d": fsum(v for at, v in placed + returned if at >= since),
        "profile.orders.count_90d": sum(at >= since for at, _ in placed),
    }


def interests(deeds: Sequence[Deed], now_ms: int) -> dict[str, Any]:
    """Each contribution halves every 30 days; none grows by lying ahead of the clock."""
    given: dict[str, list[tuple[float, int]]] = {}
    for deed in deeds:
        if deed.name in WEIGHTS:
            categories = {word(one.get("category")) for one in products(deed) or []}
            for category in (categories | {word(deed.properties.get("category"))}) - {""}:
                given.setdefault(category, []).append((WEIGHTS[deed.name], deed.at_ms))
    as_of = {name: max(now_ms, *(at for _, at in all_of)) for name, all_of in given.items()}
    scores = {name: faded(all_of, as_of[name]) for name, all_of in given.items()}
    at_one_time = max(as_of.values(), default=0)
    ranked = {name: faded(all_of, at_one_time) for name, all_of in given.items()}
    return {
        "profile.affinity": scores,
        "profile.top_category": min(ranked, key=lambda name: (-ranked[name], name), default=""),
    }


def faded(contributions: Iterable[tuple[float, int]], as_of: int) -> float:
    return fsum(weight * 0.5 ** ((as_of - at) / HALF_LIFE_MS) for weight, at in contributions)


def consents(deeds: Sequence[Deed]) -> dict[str, bool]:
    """Purpose → whether the last word of it grants it; of two at one instant the withdrawal."""
    words: dict[str, tuple[int, bool]] = {}
    for deed in named(deeds, "Consent Granted", "Consent Withdrawn"):
        purpose = word(deed.properties.get("purpose"))
        said = deed.at_ms, deed.name == "Consent Withdrawn"
        words[purpose] = max(said, words.get(purpose, said))
    return {purpose: not withdrawn for purpose, (_, withdrawn) in words.items() if purpose}


def email(deeds: Sequence[Deed]) -> dict[str, Any]:
    opened, clicked = named(deeds, "Email Opened"), named(deeds, "Email Link Clicked")
    words = [(deed.at_ms, deed.name in LEFT) for deed in named(deeds, *LEFT, "Subscribed")]
    return {
        "profile.email.sent": len(named(deeds, *SENT)),
        "profile.email.opened": len(opened),
        "profile.email.clicked": len(clicked),
        "profile.email.bounced": len(named(deeds, "Email Bounced")),
        "profile.email.unsubscribed": max(words, default=(0, False))[1],
        "profile.email.last_sent_at": latest(named(deeds, *SENT)),
        "profile.email.last_opened_at": latest(opened),
        "profile.email.last_clicked_at": latest(clicked),
    }


def kiosk(deeds: Sequence[Deed]) -> dict[str, int]:
    failures = named(deeds, "Kiosk Transaction Failed")
    return {
        "profile.kiosk.visits": len(named(deeds, "Kiosk Session Started")),
        "profile.kiosk.transactions": len(named(deeds, "Kiosk Transaction Completed")),
        "profile.kiosk.failures": len(failures),
        "profile.kiosk.last_visit_at": latest(named(deeds, *KIOSK)),
        "profile.kiosk.last_failure_at": latest(failures),
    }


def chat(deeds: Sequence[Deed]) -> dict[str, Any]:
    """At one instant an end beats a beginning, and the lower rating the higher."""
    begun, ended = named(deeds, CHAT_BEGINS), named(deeds, CHAT_ENDS)
    turns = [(deed.at_ms, deed.name == CHAT_ENDS) for deed in begun + ended]
    rated = [
        (deed.at_ms, -int(rating))
        for deed in ended
        if (rating := number(deed.properties.get("rating"))) is not None and 1 <= rating <= 5
    ]
    rated_at, minus_rating = max(rated, default=(0, 0))
    messages = named(deeds, *MESSAGES)
    return {
        "profile.chat.conversations": len(begun),
        "profile.chat.messages": len(messages),
        "profile.chat.last_at": latest([*begun, *ended, *messages]),
        "profile.chat.open": bool(turns) and not max(turns)[1],
        "profile.chat.rating": -minus_rating,
        "profile.chat.rated_at": rated_at,
    }


def traits(deeds: Sequence[Deed]) -> tuple[dict[str, Any], int]:
    """Those told, and how many values were of another type than declared.

    The newest `identify` has the last word; an older one only adds what is missing.
    """
    told: dict[str, Any] = {}
    refused, newest = 0, 0
    for deed in deeds:
        if deed.type != "identify":
            continue
        for name in deed.declared.keys() & deed.traits.keys():
            if deed.at_ms < newest and name in told:
                continue
            value = fitting(deed.traits[name], deed.declared[name])
            if deed.traits[name] is None:
                told.pop(name, None)
            elif value is None:
                refused += 1
            else:
                told[name] = value
        newest = max(newest, deed.at_ms)
    return told, refused


def fitting(value: object, kind: str) -> object:
    """`value` as the declared type if nothing is lost by it, else None."""
    if isinstance(value, bool):
        return value if kind == "bool" else None
    if isinstance(value, str):
        return value if kind == "string" else None
    if isinstance(value, int | float) and kind == "double":
        return float(value)
    if isinstance(value, int | float) and kind == "int":
        return int(value) if value == int(value) else None
    return None
