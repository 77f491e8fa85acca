"""Orders, refunds and cancellations; independent of the order in which they come.

The amount is `total`, else `revenue`, else `value`, in the shop's currency. A refund or a
cancellation that says none subtracts nothing, for what each order was worth is not kept.
"""

from bisect import bisect_left, insort
from typing import Final

from state.bounds import ORDERS_KEPT
from state.fold import cart
from state.fold.interests import ORDERED, interest
from state.fold.reading import Properties, amount
from state.profile import Profile
from state.sections import ORDERS
from state.windows import DAY_MS, ORDER_WINDOW_MS

KEPT_MS: Final = ORDER_WINDOW_MS + DAY_MS
"""A day more than the window: the newest order may be ahead of the clock that asks."""

COARSE_MS: Final = 2 * DAY_MS
"""Makes at most 47 entries of 91 days, so that the next merge is far off."""


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
    _keep(profile, (at_ms, -value, 0))
    return ORDERS


def place(profile: Profile, value: float, at_ms: int) -> None:
    """Count one order of `value` in."""
    orders = profile.orders
    orders.count += 1
    orders.value += value
    # Of two orders at the same instant the larger is the last, whichever comes first.
    if (at_ms, value) >= (orders.last_at, orders.last_value):
        orders.last_at = at_ms
        orders.last_value = value
    _keep(profile, (at_ms, value, 1))


def _keep(profile: Profile, entry: tuple[int, float, int]) -> None:
    recent = profile.orders.recent
    if not recent or entry >= recent[-1]:
        recent.append(entry)
    else:
        insort(recent, entry)
    horizon_ms = recent[-1][0] - KEPT_MS
    if recent[0][0] < horizon_ms:
        del recent[: bisect_left(recent, (horizon_ms,))]
    if len(recent) > ORDERS_KEPT:
        _coarsen(profile)


def _coarsen(profile: Profile) -> None:
    recent = profile.orders.recent
    coarse: list[tuple[int, float, int]] = []
    for at_ms, value, count in recent:
        if coarse and coarse[-1][0] // COARSE_MS == at_ms // COARSE_MS:
            first_ms, value_before, count_before = coarse[-1]
            coarse[-1] = (first_ms, value_before + value, count_before + count)
        else:
            coarse.append((at_ms, value, count))
    profile.trimmed += len(recent) - len(coarse)
    profile.orders.recent = coarse
