"""Windows in buckets: how long a bucket is, what is kept, and when the oldest one leaves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.windows import (
    DAY_MS,
    FINENESS,
    UNITS_MS,
    Day,
    buckets,
    count_since,
    next_drop,
    put,
    value_since,
)

SECOND_MS, MINUTE_MS, HOUR_MS = 1_000, 60_000, 3_600_000
WINDOWS = st.integers(SECOND_MS, 366 * DAY_MS)


@pytest.mark.parametrize(
    ("window_ms", "unit_ms", "before"),
    [
        (SECOND_MS, SECOND_MS, 1),
        (1_500, SECOND_MS, 2),
        (239_999, SECOND_MS, 240),
        (240_000, 5_000, 48),
        (12 * MINUTE_MS, 15_000, 48),
        (HOUR_MS, MINUTE_MS, 60),
        (4 * HOUR_MS, 300_000, 48),
        (DAY_MS, 900_000, 96),
        (7 * DAY_MS, HOUR_MS, 168),
        (30 * DAY_MS, 21_600_000, 120),
        (90 * DAY_MS, DAY_MS, 90),
        (366 * DAY_MS, DAY_MS, 366),
    ],
)
def test_a_bucket_is_about_a_fiftieth_of_its_window(
    window_ms: int, unit_ms: int, before: int
) -> None:
    assert buckets(window_ms) == (unit_ms, before)


@given(WINDOWS)
def test_the_buckets_cover_the_window_and_at_most_one_bucket_more(window_ms: int) -> None:
    unit_ms, before = buckets(window_ms)
    assert 0 <= before * unit_ms - window_ms < unit_ms
    assert unit_ms * FINENESS <= window_ms or unit_ms == UNITS_MS[0]
    assert before <= 366
    longer = [unit for unit in UNITS_MS if unit > unit_ms]
    assert not longer or longer[0] * FINENESS > window_ms


ENTRIES = st.lists(st.tuples(st.integers(0, 30), st.integers(-8, 8)), max_size=30)


@given(ENTRIES, st.integers(0, 25))
def test_what_is_put_in_is_there_once_by_bucket_in_order_and_nothing_older(
    entries: list[tuple[int, int]], first: int
) -> None:
    recent: list[Day] = []
    kept = [(bucket, value / 4) for bucket, value in entries if bucket >= first]
    for bucket, value in kept:
        put(recent, bucket, value, first)
    assert [bucket for bucket, _, _ in recent] == sorted({bucket for bucket, _ in kept})
    assert count_since(recent, first) == len(kept)
    assert value_since(recent, first) == sum(value for _, value in kept)
    if kept:
        put(recent, 40, 0.0, 35)
        assert recent == [(40, 0.0, 1)]


@given(ENTRIES, st.sampled_from([1_000, 5_000]), st.integers(1, 12), st.integers(0, 40_000))
def test_a_count_changes_by_time_alone_at_the_instant_that_is_said_and_not_before(
    entries: list[tuple[int, int]], unit_ms: int, before: int, now_ms: int
) -> None:
    recent: list[Day] = []
    for bucket, value in entries:
        put(recent, bucket, value, 0)

    def count(at_ms: int) -> int:
        return count_since(recent, at_ms // unit_ms - before)

    drop_ms = next_drop(recent, now_ms // unit_ms - before, unit_ms, before)
    if drop_ms == 0:
        assert count(now_ms) == 0
    else:
        assert drop_ms > now_ms
        assert count(drop_ms - 1) == count(now_ms) > count(drop_ms)
