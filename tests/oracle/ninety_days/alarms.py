"""The alerts of `ninety.yaml`, once more, in Python, and whether the last event raises one: from
the whole list of events each time."""

from collections.abc import Collection
from typing import NamedTuple

from tests.oracle import memory
from tests.oracle.deeds import Deed
from tests.oracle.ninety_days.crowd import DAY, HOUR, MINUTE
from tests.oracle.ninety_days.past import Fits, Known, Past, named
from tests.oracle.ninety_days.rules import ADDED, CHAT_ENDED, FAILED, Asked

ORDERED, CANCELLED = named("Order Completed"), named("Order Cancelled")
DONE, CHAT_BEGUN = named("Kiosk Transaction Completed"), named("Live Chat Conversation Started")
USED = named("Kiosk Transaction Failed", "Kiosk Transaction Completed")


class Two(NamedTuple):
    """Two kinds of events, and the time between them."""

    kind: str
    first: Fits
    second: Fits
    within_ms: int
    restart: bool = False


class Many(NamedTuple):
    """How many events, or which share of others."""

    first: Fits
    of: Fits
    within_ms: int
    at_least: int
    percent: int = 100


class Alert(NamedTuple):
    severity: str
    cooldown_ms: int
    steps: tuple[tuple[int, str], ...] = ()
    """(after, severity)"""
    key: str | None = None
    """The property of the event."""
    when: Asked | None = None
    """By time, where there is no `event`."""
    event: Fits | None = None
    rating: int | None = None
    pattern: Two | Many | None = None
    left: str | None = None
    """The segment whose end is meant."""
    until: Asked | None = None
    until_event: Fits | None = None


def cart_age(past: Past, now_ms: int) -> int:
    updated = past.cart["profile.cart.updated_at"]
    assert isinstance(updated, int)
    return now_ms - updated


ALERTS = {
    "gone": Alert(
        "info", 10 * DAY, when=lambda p, now, _: bool(p.orders) and now - p.last_at > 15 * DAY
    ),
    "poorer": Alert(
        "info",
        5 * DAY,
        ((4 * DAY, "warning"),),
        when=lambda p, now, _: bool(p.orders) and p.value_90d(now) < 100.0,
        until=lambda p, now, _: p.value_90d(now) >= 200.0 or now - p.last_order > 100 * DAY,
    ),
    "cart_stands": Alert(
        "info",
        DAY,
        ((12 * HOUR, "warning"), (3 * DAY, "critical")),
        when=lambda p, now, _: bool(p.cart["profile.cart.items"]) and cart_age(p, now) > 2 * DAY,
        until=lambda p, now, inside: "fresh" in inside or cart_age(p, now) > 6 * DAY,
    ),
    "left": Alert("info", DAY, pattern=Two("absence", ADDED, ORDERED, 2 * HOUR, restart=True)),
    "unanswered": Alert(
        "warning",
        HOUR,
        ((2 * HOUR, "critical"),),
        pattern=Two("absence", CHAT_BEGUN, CHAT_ENDED, 30 * MINUTE),
    ),
    "fails": Alert(
        "warning",
        HOUR,
        ((30 * MINUTE, "warning"), (2 * HOUR, "critical")),
        key="kiosk_id",
        pattern=Many(FAILED, FAILED, 10 * MINUTE, 2),
        until_event=DONE,
    ),
    "unreliable": Alert(
        "warning", 4 * HOUR, key="kiosk_id", pattern=Many(FAILED, USED, HOUR, 3, 50)
    ),
    "regretted": Alert(
        "info", HOUR, key="order_id", pattern=Two("sequence", ORDERED, CANCELLED, HOUR)
    ),
    "worth_less": Alert("info", DAY, left="big"),
    "unhappy": Alert("critical", DAY, ((DAY, "critical"),), event=CHAT_ENDED, rating=4),
}
SPANS = [30 * MINUTE, 2 * HOUR, 2 * DAY, 6 * DAY, 15 * DAY, 100 * DAY]


def key_of(alert: Alert, deed: Deed) -> str | None:
    return None if alert.key is None else str(deed.properties.get(alert.key))


def about(known: Collection[Known], alert: Alert, key: str | None, fits: Fits) -> list[Known]:
    """The events that fit and have this key."""
    return [one for one in known if fits(one.deed) and key_of(alert, one.deed) == key]


def remembered(known: list[Known], within_ms: int) -> list[Known]:
    """Those after the last pause, by the clock, of more than the window."""
    begin = until = 0
    for place, one in enumerate(known):
        if one.now_ms > until:
            begin = place
        until = max(until, max(one.deed.at_ms, one.now_ms) + within_ms)
    return known[begin:]


def many(pattern: Many, alert: Alert, known: Collection[Known]) -> bool:
    """Whether the last event makes it true."""
    last = [*known][-1].deed
    if not pattern.of(last):
        return False
    key = key_of(alert, last)
    times = [
        (one.deed.at_ms, pattern.first(one.deed))
        for one in remembered(about(known, alert, key, pattern.of), pattern.within_ms)
    ]
    if pattern.first is pattern.of:  # the newest of the others, and this one
        others = sorted(at for at, _ in times[:-1])[-(pattern.at_least - 1) :]
        span = [*others, last.at_ms]
        return len(span) == pattern.at_least and max(span) - min(span) <= pattern.within_ms
    begin = max(at for at, _ in times) - pattern.within_ms
    if last.at_ms < begin:
        return False
    fit = [fits for at, fits in times if at >= begin]
    return len(fit) >= pattern.at_least and 100 * sum(fit) >= pattern.percent * len(fit)


def waiting(pattern: Two, known: Collection[Known]) -> tuple[int, str] | None:
    """(the end, message id): what an absence waits for after the last event."""
    armed: Known | None = None
    met = until = 0
    for one in known:
        deed = one.deed
        if armed and armed.deed.at_ms + pattern.within_ms <= one.now_ms:
            armed = None
        first, second = pattern.first(deed), pattern.second(deed)
        if not first and not second:
            continue
        if one.now_ms > until:
            met = 0
        if second:
            met = max(met, deed.at_ms)
            if armed and 0 <= deed.at_ms - armed.deed.at_ms <= pattern.within_ms:
                armed = None
        if first and not deed.at_ms < met <= deed.at_ms + pattern.within_ms:
            later = armed is None or deed.at_ms >= armed.deed.at_ms
            if armed is None or later is pattern.restart:
                armed = one
        until = max(until, max(deed.at_ms, one.now_ms) + pattern.within_ms)
    return armed and (armed.deed.at_ms + pattern.within_ms, armed.deed.message_id)


def followed(pattern: Two, alert: Alert, known: Collection[Known]) -> bool:
    """Whether the last event completes a sequence."""
    last = [*known][-1].deed
    if not pattern.first(last) and not pattern.second(last):
        return False
    mine = [
        *about(known, alert, key_of(alert, last), pattern.first),
        *about(known, alert, key_of(alert, last), pattern.second),
    ]
    mine.sort(key=[*known].index)
    first = second = 0
    complete = False
    for one in remembered(mine, pattern.within_ms):
        at_ms, complete = one.deed.at_ms, False
        if pattern.second(one.deed):
            if first and first <= at_ms <= first + pattern.within_ms:
                complete, first = True, 0
            else:
                second = max(second, at_ms)
        if pattern.first(one.deed):
            if at_ms < second <= at_ms + pattern.within_ms:
                complete, second = True, 0
            else:
                first = max(first, at_ms)
    return complete


def raises(alert: Alert, past: Past, inside: Collection[str]) -> bool:
    """Whether the last event does, absences apart."""
    deed = past.deeds[-1]
    match alert.pattern:
        case Many():
            return many(alert.pattern, alert, past.known)
        case Two("sequence"):
            return followed(alert.pattern, alert, past.known)
    if not alert.event or not alert.event(deed) or alert.rating is None:
        return False
    rating = memory.number(deed.properties.get("rating"))
    return "big" in inside and rating is not None and rating < alert.rating
