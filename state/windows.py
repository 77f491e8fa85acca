"""The orders of the last 90 days, from the list that `Orders.recent` keeps."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

DAY_MS: Final = 86_400_000

ORDER_WINDOW_MS: Final = 90 * DAY_MS
"""What `value_90d` and `count_90d` look back: pass `now_ms - ORDER_WINDOW_MS` as `since_ms`."""


def value_since(recent: Sequence[tuple[int, float, int]], since_ms: int) -> float:
    """Value of the entries (time in ms, value, orders), oldest first, from `since_ms` on.

    In the shop's currency, less what was refunded or cancelled since; so it can be negative.
    """
    if not recent:  # as with most customers
        return 0.0
    # A tuple of the time alone sorts before every entry of that time, so the bound is inclusive.
    total = 0.0
    for index in range(bisect_left(recent, (since_ms,)), len(recent)):
        total += recent[index][1]
    return total


def count_since(recent: Sequence[tuple[int, float, int]], since_ms: int) -> int:
    """Orders in the entries (time in ms, value, orders), oldest first, from `since_ms` on."""
    count = 0
    for index in range(bisect_left(recent, (since_ms,)), len(recent)):
        count += recent[index][2]
    return count
