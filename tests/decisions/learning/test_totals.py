"""What each shard is told of the others: the sum of all counters but its own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.learning.counter import NOTHING, Counter, added, booked, moved
from decisions.learning.table import CounterTable
from decisions.learning.totals import Totals

DAY_MS = 86_400_000
BEGIN_MS = 20_833 * DAY_MS
SHARDS, ARMS = 3, 4
POOLED = {0: 4, 1: 4}
"""Arms 0 and 1 are of one group."""

counters = st.builds(
    lambda at_ms, tries, share: booked(NOTHING, DAY_MS, at_ms, tries=tries, taken=tries * share),
    st.integers(BEGIN_MS, BEGIN_MS + 40 * DAY_MS),
    st.just(0.0) | st.floats(1e-3, 1e4),
    st.just(0.0) | st.floats(1e-3, 1),
)
puts = st.lists(
    st.tuples(st.integers(0, SHARDS - 1), st.integers(0, ARMS - 1), counters), max_size=30
)


def summed(several: list[Counter], now_ms: int) -> Counter:
    total = NOTHING
    for each in several:
        total = added(total, each, DAY_MS)
    return moved(total, now_ms, DAY_MS)


@given(puts, st.integers(0, SHARDS - 1))
def test_a_shard_is_told_the_sum_of_all_others_and_of_a_group_that_of_all(
    history: list[tuple[int, int, Counter]], shard: int
) -> None:
    totals, latest = Totals(ARMS + 1, SHARDS, DAY_MS, POOLED), {}
    for source, arm, counter in history:
        totals.put(source, arm, counter)
        latest[source, arm] = counter
    now_ms = BEGIN_MS + 41 * DAY_MS
    told = dict(totals.others(shard, range(ARMS)))
    assert set(told) == set(range(ARMS + 1))
    for arm in range(ARMS):
        others = [c for (source, a), c in latest.items() if a == arm and source != shard]
        expected, found = summed(others, now_ms), moved(told[arm], now_ms, DAY_MS)
        assert found.tries == pytest.approx(expected.tries, rel=1e-6, abs=1e-30)
        assert found.taken == pytest.approx(expected.taken, rel=1e-6, abs=1e-30)
    group = summed([c for (_, arm), c in latest.items() if arm in POOLED], now_ms)
    assert moved(told[4], now_ms, DAY_MS).tries == pytest.approx(group.tries, rel=1e-6, abs=1e-30)


@given(puts)
def test_own_and_told_together_are_what_all_shards_know(
    history: list[tuple[int, int, Counter]],
) -> None:
    """Whoever asks: each shard's table comes to the same totals, up to single precision."""
    totals = Totals(ARMS + 1, SHARDS, DAY_MS, POOLED)
    tables = [CounterTable(ARMS + 2, DAY_MS) for _ in range(SHARDS)]
    for source, arm, counter in history:
        totals.put(source, arm, counter)
        tables[source].put(arm, counter)
    now_ms, found = BEGIN_MS + 41 * DAY_MS, []
    for shard, table in enumerate(tables):
        for arm, counter in totals.others(shard, totals.known()):
            table.tell(arm, counter)
        found.append(table.totals(np.arange(ARMS + 1), now_ms))
    tries = found[0].sum(axis=0)
    for other in found[1:]:  # what was refused is a difference
        assert (np.abs(found[0] - other) <= 1e-6 * tries + 1e-7).all()


def test_what_changed_is_asked_once() -> None:
    totals = Totals(ARMS + 1, SHARDS, DAY_MS, POOLED)
    totals.put(2, 3, Counter(1, 1, BEGIN_MS))
    totals.put(0, 1, Counter(1, 0, BEGIN_MS))
    assert totals.changed() == [1, 3]
    assert totals.changed() == []
    assert totals.known() == [1, 3]


def test_a_counter_that_is_not_sound_changes_nothing() -> None:
    totals = Totals(ARMS + 1, SHARDS, DAY_MS, POOLED)
    with pytest.raises(ValueError, match="taken: expected at most the tries"):
        totals.put(0, 0, Counter(1, 2, BEGIN_MS))
    assert totals.known() == []
