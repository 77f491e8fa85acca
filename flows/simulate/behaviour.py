"""What people do in one session: generators of events, in order, each with its channel.

Names and properties follow Segment's specs for e-commerce (v2), e-mail and live chat. Kiosks have
no spec; `Kiosk ...` is ours, and so is `rating` (1 to 5) at the end of a chat.
"""

import itertools
import random
from collections.abc import Iterator

from msgspec import Raw, Struct
from msgspec.json import encode

from flows.simulate import shop
from flows.simulate.event import Context, Event
from flows.simulate.population import Customer

Session = Iterator[tuple[str, Event]]
"""(channel, event) one after the other."""

WEB = Raw(encode({"name": "analytics.js", "version": "2.11.1"}))
SERVER = Raw(encode({"name": "analytics-python", "version": "2.3.4"}))
KIOSK = Raw(encode({"name": "touchline-kiosk", "version": "1.4.0"}))
FROM_SERVER = Context(SERVER)
FROM_KIOSK = Context(KIOSK)


class World(Struct, gc=False):
    """What all sessions share: the dice, and ids that differ between runs."""

    rng: random.Random
    run: str
    numbers: "itertools.count[int]"

    def new_id(self, prefix: str) -> str:
        """An id nobody else has: `order-1991d1e2f00-1f`."""
        return f"{prefix}-{self.run}-{next(self.numbers):x}"


def session(world: World, who: Customer) -> Session:
    """One session of any kind, as the dice fall."""
    draw = world.rng.random()
    if not who.user_id or draw < 0.52:
        return visit(world, who)
    if draw < 0.80:
        return mailing(world, who) if who.subscribed else visit(world, who)
    if draw < 0.88:
        return chat(world, who, unhappy=world.rng.random() < 0.25)
    return kiosk(world, who)


def visit(world: World, who: Customer, first_page: Raw = shop.HOME_PAGE) -> Session:
    """A visit to the website: 5 to 20 events; carts that are left stay filled for the next one."""
    rng = world.rng
    yield "click", _page("Home", who, first_page)
    if who.user_id and (not who.identified or rng.random() < 0.01):
        who.identified = True
        yield "click", _identify(who)
    length = 4 + int(rng.random() ** 1.5 * 10)
    while length > 0:
        category = _taste(rng, who)
        yield "click", _listing(world, who, category)
        for _ in range(1 + int(rng.random() * 3)):
            # Low numbers are looked at most.
            product = shop.PRODUCTS[category][int(rng.random() ** 2 * 20)]
            yield "click", _track("Product Viewed", who, product.viewed, product.page)
            length -= 1
            if rng.random() < 0.15 and len(who.cart) < 6:
                yield "click", _add(world, who, product)
        length -= 1
    if who.cart and rng.random() < 0.6:
        yield from _checkout(world, who)


def _checkout(world: World, who: Customer) -> Session:
    basket: dict[str, object] = {"cart_id": who.cart_id, "products": shop.lines(who.cart)}
    yield "click", _track("Cart Viewed", who, basket, shop.CART_PAGE)
    if world.rng.random() > who.eagerness:
        if world.rng.random() < 0.2:
            product_id, quantity = who.cart.popitem()
            removed = {"cart_id": who.cart_id, **shop.BY_ID[product_id].line(quantity)}
            yield "click", _track("Product Removed", who, removed, shop.CART_PAGE)
        return
    total = shop.total(who.cart)
    order = {"order_id": world.new_id("order"), "currency": shop.CURRENCY, **basket}
    started = {**order, "value": total}
    yield "click", _track("Checkout Started", who, started, shop.CHECKOUT_PAGE)
    if world.rng.random() < 0.15:
        return
    who.cart.clear()
    completed = {**order, "total": total, "revenue": total, "shipping": 0.0}
    yield "click", _track("Order Completed", who, completed, shop.CHECKOUT_PAGE)


def mailing(world: World, who: Customer) -> Session:
    """A campaign's mail, and what its reader does; a click leads to the website."""
    rng = world.rng
    campaign_id, name, subject = shop.CAMPAIGNS[int(rng.random() * len(shop.CAMPAIGNS))]
    mail: dict[str, object] = {
        "email_id": world.new_id("mail"),
        "email_subject": subject,
        "campaign_id": campaign_id,
        "campaign_name": name,
    }
    if not who.reachable:
        yield "email", _from_server("Email Bounced", mail)
        return
    yield "email", _from_server("Email Delivered", mail)
    if rng.random() > 0.5:
        return
    yield "email", _from_server("Email Opened", mail)
    draw = rng.random()
    if draw < 0.03:
        who.subscribed = False
        yield "email", _from_server("Unsubscribed", mail)
    elif draw < 0.45:
        category = _taste(rng, who)
        link = {**mail, "link_id": f"{category}-top", "link_url": f"{shop.SITE}/{category}"}
        yield "email", _from_server("Email Link Clicked", link)
        yield from visit(world, who, shop.CATEGORY_PAGES[category])


def chat(world: World, who: Customer, unhappy: bool) -> Session:
    """A conversation with an agent: 5 to 20 events, rated 1 or 2 by the unhappy, else 4 or 5."""
    rng = world.rng
    talk: dict[str, object] = {
        "conversation_id": world.new_id("chat"),
        "agent_id": f"agent-{int(rng.random() * 12) + 1:02d}",
        "topic": ("complaint" if unhappy else "question"),
        "locale": "de-DE" if who.city != "Paris" else "fr-FR",
    }
    yield "chat", _from_server("Live Chat Conversation Started", talk)
    for number in range(int(rng.random() * (8 if unhappy else 4)) + 2):
        told = {**talk, "message_id": f"{talk['conversation_id']}-{number}"}
        yield "chat", _from_server("Live Chat Message Sent", told)
        if not unhappy or rng.random() < 0.8:
            yield "chat", _from_server("Live Chat Message Received", told)
    seconds = 60 + int(rng.random() * (900 if unhappy else 300))
    rating = (1 if unhappy else 4) + int(rng.random() * 2)
    ended = {**talk, "conversation_duration": seconds, "rating": rating}
    yield "chat", _from_server("Live Chat Conversation Ended", ended)


def kiosk(world: World, who: Customer) -> Session:
    """A purchase at a kiosk in a store; a few kiosks fail most of the time, and people complain."""
    rng = world.rng
    kiosk_id, store = shop.KIOSKS[int(rng.random() * len(shop.KIOSKS))]
    here: dict[str, object] = {
        "kiosk_id": kiosk_id,
        "store": store,
        "session_id": world.new_id("kiosk"),
    }
    yield "kiosk", _at_kiosk("Kiosk Session Started", here)
    basket: dict[str, int] = {}
    for _ in range(1 + int(rng.random() * 5)):
        product = shop.PRODUCTS[_taste(rng, who)][int(rng.random() ** 2 * 20)]
        basket[product.product_id] = basket.get(product.product_id, 0) + 1
        yield "kiosk", _at_kiosk("Kiosk Item Scanned", {**here, **product.line(1)})
    payment: dict[str, object] = {
        **here,
        "transaction_id": world.new_id("till"),
        "total": shop.total(basket),
        "currency": shop.CURRENCY,
    }
    chance = 0.7 if kiosk_id in shop.FAILING_KIOSKS else 0.03
    outcome = "abandoned"
    for _ in range(3):
        if rng.random() > chance:
            outcome = "completed"
            paid = {**payment, "products": shop.lines(basket)}
            yield "kiosk", _at_kiosk("Kiosk Transaction Completed", paid)
            break
        code = shop.ERROR_CODES[int(rng.random() * len(shop.ERROR_CODES))]
        failed = {**payment, "error_code": code}
        yield "kiosk", _at_kiosk("Kiosk Transaction Failed", failed)
    yield "kiosk", _at_kiosk("Kiosk Session Ended", {**here, "outcome": outcome})
    if outcome == "abandoned" and rng.random() < 0.5:
        yield from chat(world, who, unhappy=True)


def _taste(rng: random.Random, who: Customer) -> str:
    if rng.random() < 0.8:
        return who.tastes[int(rng.random() ** 2 * 3)]
    return shop.CATEGORIES[int(rng.random() * len(shop.CATEGORIES))]


def _listing(world: World, who: Customer, category: str) -> Event:
    if world.rng.random() < 0.2:
        word = shop.KINDS[category][int(world.rng.random() * 4)].lower()
        return _track("Products Searched", who, {"query": word}, shop.SEARCH_PAGE)
    listed: dict[str, object] = {
        "list_id": f"{category}-top",
        "category": category,
        "products": [
            {"product_id": product.product_id, "price": product.price}
            for product in shop.PRODUCTS[category][:3]
        ],
    }
    return _track("Product List Viewed", who, listed, shop.CATEGORY_PAGES[category])


def _add(world: World, who: Customer, product: shop.Product) -> Event:
    if not who.cart:
        who.cart_id = world.new_id("cart")
    who.cart[product.product_id] = who.cart.get(product.product_id, 0) + 1
    return _track("Product Added", who, {"cart_id": who.cart_id, **product.line(1)}, product.page)


def _identify(who: Customer) -> Event:
    traits: dict[str, object] = {
        "city": who.city,
        "age": who.age,
        "plan": who.plan,
        "interests": list(dict.fromkeys(who.tastes[:2])),
    }
    return Event("identify", _web(who, shop.HOME_PAGE), traits=traits)


def _page(name: str, who: Customer, page: Raw) -> Event:
    return Event("page", _web(who, page), name=name, properties=page)


def _track(name: str, who: Customer, properties: Raw | dict[str, object], page: Raw) -> Event:
    return Event("track", _web(who, page), event=name, properties=properties)


def _web(who: Customer, page: Raw) -> Context:
    return Context(WEB, user_agent=who.device, locale="de-DE", page=page)


def _from_server(name: str, properties: dict[str, object]) -> Event:
    return Event("track", FROM_SERVER, event=name, properties=properties)


def _at_kiosk(name: str, properties: dict[str, object]) -> Event:
    return Event("track", FROM_KIOSK, event=name, properties=properties)
