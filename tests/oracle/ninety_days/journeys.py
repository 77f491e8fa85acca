"""The journeys of `ninety.yaml`, once more: programs in Python that go from one step to the next
and say what they wait for."""

from collections.abc import Callable, Collection, Generator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from state.touchpoint import identity
from tests.oracle.deeds import EPOCH, Deed, moment
from tests.oracle.ninety_days.crowd import DAY, HOUR, MINUTE
from tests.oracle.ninety_days.past import Fits, Past, named
from tests.oracle.ninety_days.rules import FAILED, Asked

BERLIN = ZoneInfo("Europe/Berlin")


class Wait(NamedTuple):
    """What a run waits for: until `until_ms`, or for one of these."""

    step: str
    until_ms: int
    event: Fits | None = None
    condition: Asked | None = None


class Do(NamedTuple):
    """An action."""

    step: str


class At(NamedTuple):
    """Goes through a step without waiting."""

    step: str


class Here(NamedTuple):
    """What a program can see."""

    now_ms: Callable[[], int]
    past: Callable[[], Past]
    customer: str


Program = Generator[Wait | Do | At, bool, None]
"""Is sent whether what was waited for came in time."""


def value_of_cart(past: Past) -> float:
    value = past.cart["profile.cart.value"]
    assert isinstance(value, float)
    return value


def loudly(here: Here, step: str) -> Program:
    """An action that is not done from 21:00 to 08:00."""
    while not 8 <= (local := moment(here.now_ms()).astimezone(BERLIN)).hour < 21:
        day = local.date() + timedelta(days=local.hour >= 21)
        yield Wait(step, ms_of(datetime(day.year, day.month, day.day, 8, tzinfo=BERLIN)))
    yield Do(step)


def ms_of(local: datetime) -> int:
    return (local.astimezone(UTC) - EPOCH) // timedelta(milliseconds=1)


def at_nine(now_ms: int) -> int:
    """The next time it is nine, but on Tuesdays and at the weekend."""
    day = moment(now_ms).astimezone(BERLIN).date()
    while True:
        nine = ms_of(datetime(day.year, day.month, day.day, 9, tzinfo=BERLIN))
        if nine > now_ms and day.weekday() in (0, 2, 3, 4):
            return nine
        day += timedelta(days=1)


def cart(here: Here) -> Program:
    yield Wait("give_time", here.now_ms() + HOUR)
    seen = named("Cart Viewed", "Product Viewed")
    if (yield Wait("come_back", here.now_ms() + DAY, event=seen)):
        yield At("3")
        return
    yield from loudly(here, "reminder")
    yield At("lots")
    # Who draws which lot is nobody's business but the product's.
    if int.from_bytes(identity(here.customer, "split", "cart", "lots")) % 100 >= 50:
        return
    yield At("worth")
    if value_of_cart(here.past()) > 100.0:
        yield Wait("morning", at_nine(here.now_ms()))
        yield from loudly(here, "voucher")
    else:
        yield from loudly(here, "nothing")


def is_settled(past: Past, now_ms: int, inside: Collection[str]) -> bool:
    return "lapsed" not in inside or now_ms - past.last_at > 25 * DAY


def back(here: Here) -> Program:
    yield Do("miss")
    if (yield Wait("settle", here.now_ms() + 10 * DAY, condition=is_settled)):
        yield Do("soon")
    else:
        yield Do("late")
    yield Wait("rest", here.now_ms() + 30 * DAY)


def kiosk(here: Here) -> Program:
    goes_on = named("Kiosk Session Ended", "Product Viewed", "Page Viewed")
    if (yield Wait("here", here.now_ms() + MINUTE, event=goes_on)):
        yield Do("goes")
    else:
        yield Do("stays")
    yield Wait("pause", here.now_ms() + 2 * HOUR)
    yield Do("sorry")
    yield Wait("rest", here.now_ms() + 2 * DAY)


class Journey(NamedTuple):
    program: Callable[[Here], Program]
    event: Fits | None = None
    when: Asked = lambda _past, _now, _inside: True
    key: str | None = None
    at_most: int = 16
    reentry_ms: int = 0
    exit_event: Callable[[Deed, str | None], bool] = lambda _deed, _key: False
    exit: Asked = lambda _past, _now, _inside: False


def left(past: Past, _now_ms: int, _inside: Collection[str]) -> bool:
    """Wants no more mail."""
    return bool(past.unsubscribed)


JOURNEYS = {
    "cart": Journey(
        cart,
        event=named("Product Added", "Checkout Started"),
        when=lambda p, now, _: value_of_cart(p) >= 50.0,
        reentry_ms=7 * DAY,
        exit_event=lambda deed, _: deed.name == "Order Completed",
        exit=left,
    ),
    "back": Journey(
        back,
        when=lambda p, now, inside: "lapsed" in inside and now - p.last_order > 22 * DAY,
        reentry_ms=30 * DAY,
        exit=lambda p, now, _: now - p.last_order > 48 * DAY or len(p.orders) > 4,
    ),
    "kiosk": Journey(
        kiosk,
        event=FAILED,
        key="kiosk_id",
        at_most=2,
        reentry_ms=DAY,
        exit_event=lambda deed, key: (
            deed.name == "Kiosk Transaction Completed" and deed.properties.get("kiosk_id") == key
        ),
    ),
}
SPANS = [22 * DAY, 25 * DAY, 48 * DAY]
"""From an event on: what is compared with."""
