"""All counters of a process: what a total is, and what it takes."""

from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.learning.arms import Arms
from decisions.learning.counter import NOTHING, Counter, added, booked, moved
from decisions.learning.table import CounterTable

DAY_MS = 86_400_000
BEGIN_MS = 20_833 * DAY_MS
SHARDS, ROWS = 3, 4

moments = st.integers(BEGIN_MS, BEGIN_MS + 40 * DAY_MS)
puts = st.lists(
    st.tuples(
        st.integers(0, SHARDS - 1),
        st.integers(0, ROWS - 1),
        st.builds(
            lambda at_ms, tries, share: booked(
                NOTHING, DAY_MS, at_ms, tries=tries, taken=tries * share
            ),
            moments,
            st.just(0.0) | st.floats(1e-6, 1e4),
            st.just(0.0) | st.floats(1e-6, 1),
        ),
    ),
    max_size=30,
)


@given(puts)
def test_a_total_is_the_sum_of_the_latest_counter_of_each_shard(
    history: list[tuple[int, int, Counter]],
) -> None:
    table = CounterTable(ROWS, SHARDS, DAY_MS)
    latest: dict[tuple[int, int], Counter] = {}
    for shard, row, counter in history:
        table.put(shard, row, counter)
        latest[shard, row] = counter
    now_ms = BEGIN_MS + 41 * DAY_MS
    taken, refused = table.totals(np.arange(ROWS), now_ms)
    for row in range(ROWS):
        total = NOTHING
        for shard in range(SHARDS):
            total = added(total, latest.get((shard, row), NOTHING), DAY_MS)
        total = moved(total, now_ms, DAY_MS)
        assert taken[row] == pytest.approx(total.taken, rel=1e-12, abs=1e-290)
        assert taken[row] + refused[row] == pytest.approx(total.tries, rel=1e-12, abs=1e-290)
        assert refused[row] >= 0


@given(puts)
def test_the_order_in_which_counters_come_changes_no_bit(
    history: list[tuple[int, int, Counter]],
) -> None:
    latest = {(shard, row): counter for shard, row, counter in history}
    one, two = CounterTable(ROWS, SHARDS, DAY_MS), CounterTable(ROWS, SHARDS, DAY_MS)
    for (shard, row), counter in latest.items():
        one.put(shard, row, counter)
    for (shard, row), counter in sorted(latest.items(), key=lambda item: -item[1].at_ms):
        two.put(shard, row, counter)
    rows, now_ms = np.arange(ROWS), BEGIN_MS + 41 * DAY_MS
    assert one.totals(rows, now_ms).tobytes() == two.totals(rows, now_ms).tobytes()


def test_a_counter_takes_the_place_of_the_one_before() -> None:
    table = CounterTable(2, 2, DAY_MS)
    table.put(0, 1, Counter(5, 1, BEGIN_MS))
    table.put(1, 1, Counter(2, 2, BEGIN_MS))
    table.put(0, 1, Counter(6, 1, BEGIN_MS))
    assert table.totals(np.array([1, 0]), BEGIN_MS).tolist() == [[3, 0], [5, 0]]


def test_what_is_not_sound_is_refused_and_changes_nothing() -> None:
    table = CounterTable(1, 1, DAY_MS)
    table.put(0, 0, Counter(5, 1, BEGIN_MS))
    for wrong in (Counter(nan, 0, BEGIN_MS), Counter(1, 2, BEGIN_MS), Counter(1, -1, BEGIN_MS)):
        with pytest.raises(ValueError, match=r"tries:|taken:"):
            table.put(0, 0, wrong)
    assert table.totals(np.array([0]), BEGIN_MS).tolist() == [[1], [4]]


def test_a_thousand_offers_in_fifty_buckets_and_sixteen_shards_are_below_20_mb() -> None:
    arms = Arms((f"offer-{number}" for number in range(1_000)), ["click"], 50)
    assert CounterTable(len(arms), 16, DAY_MS).nbytes <= 14e6


@settings(max_examples=20)
@given(st.integers(1, 5), st.integers(1, 3), st.integers(1, 4))
def test_every_arm_has_a_row_of_its_own(offers: int, channels: int, buckets: int) -> None:
    names = [f"o{n}" for n in range(offers)], [f"c{n}" for n in range(channels)]
    arms = Arms(names[0], names[1], buckets)
    rows = [
        arms.row(offer, channel, bucket)
        for offer in names[0]
        for channel in names[1]
        for bucket in range(buckets)
    ]
    assert sorted(rows) == list(range(len(arms)))
    several = arms.rows(names[0][::-1], names[1][-1], buckets - 1)
    assert several.tolist() == [arms.row(o, names[1][-1], buckets - 1) for o in names[0][::-1]]


def test_arms_that_are_none_are_refused_by_name() -> None:
    arms = Arms(["a", "b"], ["click"], 2)
    with pytest.raises(ValueError, match="bucket: expected 0 to 1, got 2"):
        arms.row("a", "click", 2)
    with pytest.raises(ValueError, match="bucket: expected 0 to 1, got -1"):
        arms.rows(["a"], "click", -1)
    with pytest.raises(KeyError, match="c"):
        arms.row("c", "click", 0)
    with pytest.raises(ValueError, match="offers: expected each name once, got twice: a"):
        Arms(["a", "a"], ["click"], 2)
    with pytest.raises(ValueError, match="buckets: expected 1 or more, got 0"):
        Arms(["a"], ["click"], 0)
