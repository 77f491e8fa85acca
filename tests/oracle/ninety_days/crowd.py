"""What ten thousand customers do in ninety days, and how far the clock of their shard is: pure, of
a seed.

What they do in one visit is the simulator's; when they come, what comes late, twice or in another
order, and by which clocks, is drawn here. Times are milliseconds since the epoch.
"""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import count, islice
from typing import NamedTuple

from msgspec import Raw

from flows.simulate.behaviour import World, session
from flows.simulate.event import Context, Event, Rfc3339, encode_event, message_id
from flows.simulate.population import Customer, customer

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
BEGIN = 1_767_571_200_000
"""2026-01-05T00:00:00Z"""
DAYS = 90
END = BEGIN + DAYS * DAY
OVER = END + 100 * DAY
"""Until then time passes after the last event: orders leave their ninety days."""
BEHIND_MS = 5 * SECOND
"""How far at least the clock is behind what is received."""
SHARDS = 4


class Came(NamedTuple):
    """An event as it lies in its topic."""

    channel: str
    value: bytes
    received_ms: int


def name_of(number: int) -> str:
    return f"c-{number:06d}"


def life(seed: int, number: int) -> list[Came]:
    """All that comes of one customer, in the order in which it is received."""
    rng = random.Random(f"{seed} {number}")
    who = customer(rng, name_of(number))
    world = World(rng, f"{number:x}", count())
    text = Rfc3339()
    came: list[Came] = []
    for begin_ms in _visits(rng):
        at_ms = begin_ms
        for channel, event in islice(_visit(rng, world, who), 1 + int(rng.random() ** 2 * 20)):
            came += _sent(rng, text, who, channel, event, at_ms)
            # Mostly seconds; some stay away for minutes or hours and go on where they were.
            at_ms += int(SECOND * 10 ** (rng.random() ** 3 * 4.2))
    came.sort(key=lambda one: one.received_ms)
    return came


def _visits(rng: random.Random) -> Iterator[int]:
    """When they begin: most customers come seldom, some often, and then not for long."""
    at_ms = BEGIN + int(rng.random() ** 2 * 60 * DAY)
    for _ in range(1 + int(rng.random() ** 4 * 12)):
        if at_ms >= END:
            return
        yield at_ms
        at_ms += int(HOUR * 10 ** (rng.random() * 3))


CHAT = "Live Chat Conversation Started"
ACKNOWLEDGED = "Alert Acknowledged"
RARE = {
    "Order Completed": ("Order Cancelled", "Order Refunded", "Order Completed"),
    "Order Cancelled": ("Order Completed", ACKNOWLEDGED),
    "Order Refunded": ("Order Completed", "Product Added"),
    "Product Added": ("Order Completed", "Checkout Started"),
    "Checkout Started": ("Order Completed", "Product Viewed"),
    "Product Viewed": ("Product Added", "Email Opened"),
    "Kiosk Transaction Failed": ("Kiosk Transaction Completed", CHAT, "Kiosk Transaction Failed"),
    "Kiosk Transaction Completed": ("Kiosk Transaction Failed", ACKNOWLEDGED),
    CHAT: ("Live Chat Conversation Ended", ACKNOWLEDGED),
    "Live Chat Conversation Ended": (CHAT, ACKNOWLEDGED),
    "Email Opened": ("Product Viewed", ACKNOWLEDGED),
    ACKNOWLEDGED: ("Kiosk Transaction Failed", "Order Completed", "Order Refunded"),
}
"""What a whole visit seldom comes to → what may come after it."""
ALERTS = ("gone", "poorer", "cart_stands", "left", "unanswered", "fails", "unhappy")
"""Which somebody may look at."""
CHANNELS = ("click", "email", "chat", "kiosk")
FROM_HERE = Context(Raw(b"{}"))


def _visit(rng: random.Random, world: World, who: Customer) -> Iterator[tuple[str, Event]]:
    """A visit of the simulator's, or the first of it; in some of it, one rare event some times."""
    name = rng.choice([*RARE])
    often = rng.choice((0.0, 0.05, 0.4))
    for place, found in enumerate(session(world, who)):
        if place > 25:
            return
        while rng.random() < often:
            said: dict[str, object] = {
                "category": rng.choice(who.tastes),
                "product_id": rng.choice(("p-1", "p-2", "p-3")),
                "price": 20.5,
                "total": rng.choice((19.25, 75.5, 140.0, 260.75)),
                "order_id": rng.choice(("o-1", "o-2")),
                "kiosk_id": rng.choice(("k-1", "k-2")),
                "rating": rng.choice((1, 3, 5)),
                "alert": rng.choice(ALERTS),
            }
            if name == ACKNOWLEDGED and rng.random() < 0.2:
                said["key"] = "k-1"
            yield rng.choice(CHANNELS), Event("track", FROM_HERE, event=name, properties=said)
            if rng.random() < 0.5:
                name = rng.choice(RARE[name])
        if rng.random() < 0.3:
            continue  # and of the visit itself not all
        yield found


def _sent(
    rng: random.Random, text: Rfc3339, who: Customer, channel: str, event: Event, at_ms: int
) -> Iterator[Came]:
    """Received seconds later, in another order than it happened; some of it hours or days later,
    or again; by some clocks it is in the future."""
    event.user_id = who.user_id
    event.message_id = message_id(rng, at_ms)
    received_ms = at_ms + int(rng.random() ** 3 * 8 * SECOND)
    draw = rng.random()
    if draw < 0.02:
        received_ms += int(MINUTE * 10 ** (draw * 50 * 4))
    elif draw < 0.04:
        at_ms = received_ms + int(rng.random() * 2 * MINUTE)
    event.sent_at = event.timestamp = text(at_ms)
    value = encode_event(event)
    yield Came(channel, value, received_ms)
    if rng.random() < 0.02:
        yield Came(channel, value, received_ms + int(SECOND * 10 ** (rng.random() * 3)))


class Steps:
    """Where the clock of a shard stands: it goes on in steps of seconds, hours or days."""

    def __init__(self, seed: int, shard: int) -> None:
        rng = random.Random(f"{seed} shard {shard}")
        self.all: list[int] = []
        at_ms = BEGIN
        while at_ms < OVER:
            at_ms += int(SECOND * 10 ** (rng.random() ** 0.5 * 5.3))
            self.all.append(at_ms)

    def at(self, received_ms: int) -> int:
        """What it has reached before an event that is received then."""
        place = bisect_right(self.all, received_ms - BEHIND_MS)
        return self.all[place - 1] if place else 0

    def next(self, at_ms: int) -> int:
        """Where it stands once it has reached an instant."""
        place = bisect_left(self.all, at_ms)
        return self.all[place] if place < len(self.all) else OVER
