"""All counters of a process: what a total is, and what it takes."""

from math import nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.learning.counter import NOTHING, Counter, added, booked, moved
from decisions.learning.table import CounterTable

DAY_MS = 86_400_000
BEGIN_MS = 20_833 * DAY_MS
ROWS = 4

moments = st.integers(BEGIN_MS, BEGIN_MS + 40 * DAY_MS)
counters = st.builds(
    lambda at_ms, tries, share: booked(NOTHING, DAY_MS, at_ms, tries=tries, taken=tries * share),
    moments,
    st.just(0.0) | st.floats(1e-6, 1e4),
    st.just(0.0) | st.floats(1e-6, 1),
)
puts = st.lists(st.tuples(st.booleans(), st.integers(0, ROWS - 1), counters), max_size=30)
"""Whether it is the shard's own, row, counter."""
deeds = st.lists(st.tuples(st.integers(0, ROWS - 1), moments, st.booleans()), max_size=30)


def filled(history: list[tuple[bool, int, Counter]]) -> CounterTable:
    table = CounterTable(ROWS, DAY_MS)
    for own, row, counter in history:
        if own:
            table.put(row, counter)
        else:
            table.tell(row, counter)
    return table


@given(puts)
def test_a_total_is_the_shards_own_latest_and_the_latest_of_others(
    history: list[tuple[bool, int, Counter]],
) -> None:
    latest = {(own, row): counter for own, row, counter in history}
    now_ms = BEGIN_MS + 41 * DAY_MS
    table = filled(history)
    taken, refused = table.totals(np.arange(ROWS), now_ms)
    for row in range(ROWS):
        assert table.total(row, table.share(now_ms)) == (taken[row], refused[row])
        mine, theirs = (latest.get((own, row), NOTHING) for own in (True, False))
        total = moved(added(mine, theirs, DAY_MS), now_ms, DAY_MS)
        assert taken[row] == pytest.approx(total.taken, rel=1e-6, abs=1e-40)
        assert taken[row] + refused[row] == pytest.approx(total.tries, rel=1e-6, abs=1e-40)
        assert refused[row] >= 0


@given(puts)
def test_the_order_in_which_counters_come_changes_no_bit(
    history: list[tuple[bool, int, Counter]],
) -> None:
    latest = {(own, row): counter for own, row, counter in history}
    one = filled([(own, row, counter) for (own, row), counter in latest.items()])
    two = filled(
        [
            (own, row, counter)
            for (own, row), counter in sorted(latest.items(), key=lambda item: -item[1].at_ms)
        ]
    )
    rows, now_ms = np.arange(ROWS), BEGIN_MS + 41 * DAY_MS
    assert one.totals(rows, now_ms).tobytes() == two.totals(rows, now_ms).tobytes()


@given(puts, deeds)
def test_who_starts_from_what_was_kept_has_the_same_bits_as_who_never_stopped(
    history: list[tuple[bool, int, Counter]], after: list[tuple[int, int, bool]]
) -> None:
    running = filled(history)
    told = {row: counter for own, row, counter in history if not own}
    own = {row: running.put(row, running.own(row)) for row in range(ROWS)}
    for row, at_ms, taken in after:
        own[row] = running.book(row, at_ms, tries=1.0, taken=float(taken))
    started = filled(
        [(False, row, counter) for row, counter in told.items()]
        + [(True, row, counter) for row, counter in own.items()]
    )
    rows, now_ms = np.arange(ROWS), BEGIN_MS + 41 * DAY_MS
    assert started.totals(rows, now_ms).tobytes() == running.totals(rows, now_ms).tobytes()
    assert [started.own(row) for row in running.rows()] == [
        running.own(row) for row in running.rows()
    ]


def test_a_counter_takes_the_place_of_the_one_before() -> None:
    table = CounterTable(2, DAY_MS)
    table.put(1, Counter(5, 1, BEGIN_MS))
    table.tell(1, Counter(2, 2, BEGIN_MS))
    table.put(1, Counter(6, 1, BEGIN_MS))
    assert table.totals(np.array([1, 0]), BEGIN_MS).tolist() == [[3, 0], [5, 0]]
    assert table.book(1, BEGIN_MS, tries=1, taken=1) == Counter(7, 2, BEGIN_MS)
    assert list(table.rows()) == [1]


def test_what_is_not_sound_is_refused_and_changes_nothing() -> None:
    table = CounterTable(1, DAY_MS)
    table.put(0, Counter(5, 1, BEGIN_MS))
    for wrong in (Counter(nan, 0, BEGIN_MS), Counter(1, 2, BEGIN_MS), Counter(1, -1, BEGIN_MS)):
        for take in (table.put, table.tell):
            with pytest.raises(ValueError, match=r"tries:|taken:"):
                take(0, wrong)
    assert table.totals(np.array([0]), BEGIN_MS).tolist() == [[1], [4]]


def test_a_thousand_offers_in_fifty_buckets_and_sixteen_shards_are_below_20_mb() -> None:
    assert 16 * CounterTable(50_000, DAY_MS).nbytes <= 20e6
