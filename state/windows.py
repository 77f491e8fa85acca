"""The orders of the last 90 days, from the list that `Orders.recent` keeps.

By whole days, UTC: today and the 90 days before it. A list of days is bounded by itself, and the
same in whatever order the orders come, up to the rounding of sums.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

DAY_MS: Final = 86_400_000

ORDER_WINDOW_DAYS: Final = 90
"""What `value_90d` and `count_90d` look back from today."""

Day = tuple[int, float, int]
"""(day, value, orders): days since 1970-01-01 UTC; what the day's orders came to, less what was
refunded or cancelled on it, in the shop's currency; how many orders."""


def value_since(recent: Sequence[Day], first_day: int) -> float:
    """Value of `recent`, oldest day first, from `first_day` on; with refunds it can be negative."""
    if not recent:  # as with most customers
        return 0.0
    # A tuple of the day alone sorts before every entry of that day, so the bound is inclusive.
    total = 0.0
    for index in range(bisect_left(recent, (first_day,)), len(recent)):
        total += recent[index][1]
    return total


def count_since(recent: Sequence[Day], first_day: int) -> int:
    """Orders in `recent`, oldest day first, from `first_day` on."""
    count = 0
    for index in range(bisect_left(recent, (first_day,)), len(recent)):
        count += recent[index][2]
    return count


def window_change(recent: Sequence[Day], first_day: int) -> int:
    """When the oldest day that still counts from `first_day` on drops out; 0 if none counts.

    In milliseconds since the epoch: the UTC midnight that ends the last day on which it counts.
    """
    index = bisect_left(recent, (first_day,))
    if index == len(recent):
        return 0
    return (recent[index][0] + ORDER_WINDOW_DAYS + 1) * DAY_MS
