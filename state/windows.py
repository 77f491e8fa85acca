"""What happened in a window that ends now, from a list of counts and sums by bucket.

Of orders (`Orders.recent`) a bucket is a day, UTC: today and the 90 days before it. Of history
functions (`Tracker.recent`) its length follows from the window's, as `buckets` says. A list of
buckets is bounded by itself, and the same in whatever order the events come, up to the rounding of
sums.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

DAY_MS: Final = 86_400_000

ORDER_WINDOW_DAYS: Final = 90
"""What `value_90d` and `count_90d` look back from today."""

Day = tuple[int, float, int]
"""(day, value, orders): days since 1970-01-01 UTC; what the day's orders came to, less what was
refunded or cancelled on it, in the shop's currency; how many orders. Of history functions:
(bucket, sum, events), buckets being numbered from 1970-01-01 UTC on."""

UNITS_MS: Final = (
    *(1_000, 5_000, 15_000),
    *(60_000, 300_000, 900_000),
    *(3_600_000, 21_600_000, DAY_MS),
)
"""How long a bucket may be."""

FINENESS: Final = 48
"""A window has at least so many buckets, unless they would be shorter than a second."""


def buckets(window_ms: int) -> tuple[int, int]:
    """How long a bucket of a window is (ms), and how many of them lie in it before the current one.

    A bucket is the longest of UNITS_MS that is at most a FINENESS-th of the window, and at least a
    second. The buckets before the current one are as many as cover the window, so that what is
    counted happened within the window or at most one bucket before it.
    """
    unit_ms = max([u for u in UNITS_MS if u * FINENESS <= window_ms], default=UNITS_MS[0])
    return unit_ms, -(-window_ms // unit_ms)


def put(recent: list[Day], bucket: int, value: float, first: int) -> None:
    """Counts one event of `value` into its bucket, and drops the buckets before `first`."""
    place = bisect_left(recent, (bucket,))
    if place < len(recent) and recent[place][0] == bucket:
        _, value_before, count_before = recent[place]
        recent[place] = (bucket, value_before + value, count_before + 1)
    else:
        recent.insert(place, (bucket, value, 1))
    if recent[0][0] < first:
        del recent[: bisect_left(recent, (first,))]


def next_drop(recent: Sequence[Day], first_bucket: int, unit_ms: int, before: int) -> int:
    """When the oldest bucket from `first_bucket` on leaves the window; 0 = there is none.

    In ms since 1970: the first instant at which `now // unit_ms - before` is above that bucket.
    Until then count and sum stay as they are, if no event comes.
    """
    place = bisect_left(recent, (first_bucket,))
    return (recent[place][0] + before + 1) * unit_ms if place < len(recent) else 0


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
