"""Orders, refunds and cancellations; independent of the order in which they come.

The amount is `total`, else `revenue`, else `value`, in the shop's currency. A refund or a
cancellation that says none subtracts nothing, for what each order was worth is not kept.
"""

from bisect import bisect_left
from typing import Final

from state.fold import cart
from state.fold.interests import ORDERED, interest
from state.fold.reading import Properties, amount
from state.profile import Profile
from state.sections import ORDERS
from state.windows import DAY_MS, ORDER_WINDOW_DAYS

KEPT_DAYS: Final = ORDER_WINDOW_DAYS + 1
"""A day more than the window: the newest order may be ahead of the clock that asks."""


def completed(profile: Profile, properties: Properties, at_ms: int) -> int:
    """Order Completed; what was in the cart is bought."""
    place(profile, amount(properties) or 0.0, at_ms)
    return ORDERS | interest(profile, properties, at_ms, ORDERED) | cart.emptied(profile, at_ms)


def returned(profile: Profile, properties: Properties, at_ms: int) -> int:
    """Order Refunded, Order Cancelled: the value goes down, the count does not."""
    value = amount(properties)
    if not value:
        return 0
    profile.orders.value -= value
    _keep(profile, at_ms // DAY_MS, -value, 0)
    return ORDERS


def place(profile: Profile, value: float, at_ms: int) -> None:
    """Count one order of `value` in."""
    orders = profile.orders
    orders.count += 1
    orders.value += value
    if at_ms < orders.first_at or not orders.first_at:
        orders.first_at = at_ms
    # Of two orders at the same instant the larger is the last, whichever comes first.
    if (at_ms, value) >= (orders.last_at, orders.last_value):
        orders.last_at = at_ms
        orders.last_value = value
    _keep(profile, at_ms // DAY_MS, value, 1)


def _keep(profile: Profile, day: int, value: float, count: int) -> None:
    recent = profile.orders.recent
    place = bisect_left(recent, (day,))
    if place < len(recent) and recent[place][0] == day:
        _, value_before, count_before = recent[place]
        recent[place] = (day, value_before + value, count_before + count)
    else:
        recent.insert(place, (day, value, count))
    oldest = recent[-1][0] - KEPT_DAYS
    if recent[0][0] < oldest:
        del recent[: bisect_left(recent, (oldest,))]
