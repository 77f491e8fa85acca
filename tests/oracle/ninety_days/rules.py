"""The segments of `ninety.yaml`, once more, in Python."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

from tests.faults.world import ROOT
from tests.oracle.memory import DAY_MS
from tests.oracle.ninety_days.crowd import HOUR, MINUTE
from tests.oracle.ninety_days.past import Missing, Past, named
from tests.oracle.rules import Rules

DAY = DAY_MS
Asked = Callable[[Past, int, Collection[str]], bool]
"""(history, now, segments) → answer; raises Missing."""


class Segment(NamedTuple):
    when: Asked
    until: Asked | None = None
    dwell_ms: int = 0


VIEWED, ADDED, OPENED = named("Product Viewed"), named("Product Added"), named("Email Opened")
PAID = named("Order Completed", "Kiosk Transaction Completed")
FAILED, CHAT_ENDED = named("Kiosk Transaction Failed"), named("Live Chat Conversation Ended")
SEASON = 1_772_323_200_000, 1_773_577_800_000
"""2026-03-01T00:00:00Z, 2026-03-15T12:30:00Z"""


def last_visit(past: Past) -> int:
    return past.visits["profile.sessions.last_at"]


def left_cart(past: Past, now: int, _inside: Collection[str]) -> bool:
    updated = past.cart["profile.cart.updated_at"]
    assert isinstance(updated, int)
    return bool(past.cart["profile.cart.items"]) and updated + HOUR < now < updated + 4 * DAY


SEGMENTS: dict[str, Segment] = {  # each after those that it names
    "lapsed": Segment(lambda p, now, _: bool(p.orders) and now - p.last_order > 20 * DAY),
    "fresh": Segment(lambda p, now, _: now - p.first_at <= 3 * DAY),
    "big": Segment(lambda p, now, _: p.value_90d(now) >= 300.0),
    "often": Segment(
        lambda p, now, _: p.count_90d(now) >= 3, until=lambda p, now, _: p.count_90d(now) < 2
    ),
    "runner": Segment(
        lambda p, now, _: p.affinity("shoes", now) + p.affinity("running", now) >= 6.0
    ),
    "fading": Segment(lambda p, now, _: 0.8 < p.affinity("outdoor", now) < 2.5),
    "either": Segment(
        lambda p, now, _: (
            p.affinity("kids", now) > p.affinity("sale", now) and p.affinity("kids", now) > 1.5
        )
    ),
    "keen": Segment(
        lambda p, now, _: p.count(VIEWED, HOUR, now) >= 4,
        until=lambda p, now, _: p.since(VIEWED, now) > 2 * DAY,
        dwell_ms=6 * HOUR,
    ),
    "collector": Segment(lambda p, now, _: p.count(ADDED, 7 * DAY, now) >= 2),
    "spender": Segment(lambda p, now, _: p.sum("total", PAID, 10 * DAY, now) >= 100.0),
    "unread": Segment(lambda p, now, _: p.since(OPENED, now) > 5 * DAY),
    "helped": Segment(lambda p, now, _: p.sequence(FAILED, CHAT_ENDED, 2 * HOUR, now)),
    "greeted": Segment(lambda p, now, _: p.count(OPENED, MINUTE, now) >= 1, dwell_ms=DAY),
    "left_cart": Segment(left_cart),
    "season": Segment(lambda p, now, _: bool(p.orders) and SEASON[0] <= now < SEASON[1]),
    "sleeper": Segment(
        lambda p, now, inside: "unread" in inside and now - last_visit(p) > 10 * DAY,
        until=lambda p, now, inside: "unread" not in inside or now - last_visit(p) < DAY,
        dwell_ms=3 * DAY,
    ),
    "quiet_big": Segment(lambda p, now, inside: "big" in inside and now - p.last_at >= 7 * DAY),
    "awake": Segment(
        lambda p, _, inside: (
            "sleeper" not in inside
            and "quiet_big" not in inside
            and p.visits["profile.sessions.count"] > 0
        ),
        dwell_ms=12 * HOUR,
    ),
}
SPANS = [HOUR, 2 * HOUR, *(days * DAY for days in (1, 2, 3, 4, 5, 7, 10, 20))]
"""From an event on: all durations that are compared with."""
WINDOWS = [MINUTE, HOUR, 7 * DAY, 10 * DAY]
STANDS = sorted({segment.dwell_ms for segment in SEGMENTS.values()} - {0})
DATES = [*SEASON]


OFFERS: dict[str, Callable[[Collection[str]], bool]] = {
    "preview": lambda inside: "big" in inside and "quiet_big" not in inside,
    "come_back": lambda inside: "lapsed" in inside or "sleeper" in inside,
    "delivery": lambda inside: "left_cart" in inside,
    "shoes": lambda inside: "runner" in inside,
    "season_sale": lambda inside: "season" in inside,
    "bestsellers": lambda inside: True,
}
NINETY = Path(__file__).with_name("ninety.yaml")
BOOK = Rules(NINETY, ROOT / "docs/playbook.md")
"""For what of the offers is no condition."""


def eligible(inside: Collection[str]) -> frozenset[str]:
    """The offers that somebody in these segments may get."""
    return frozenset(name for name, fits in OFFERS.items() if fits(inside))


def asked(condition: Asked, past: Past, now_ms: int, inside: Collection[str]) -> bool:
    """An error counts as false."""
    try:
        return condition(past, now_ms, inside)
    except Missing:
        return False


def members(past: Past, now_ms: int, held: dict[str, int]) -> set[str]:
    """The segments that a customer is in at `now_ms` who has been in those of `held` since then."""
    inside: set[str] = set()
    for name, (when, until, dwell_ms) in SEGMENTS.items():
        stays = name in held
        if stays and now_ms < held[name] + dwell_ms:
            inside.add(name)
        elif until is None:
            if asked(when, past, now_ms, inside):
                inside.add(name)
        elif (stays or asked(when, past, now_ms, inside)) and not asked(
            until, past, now_ms, inside
        ):
            inside.add(name)
    return inside
