"""Scores that fade."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.decay import HALF_LIFE_MS, add, decayed
from state.profile import Interest
from tests.state.traffic import START_MS

contributions = st.lists(
    st.tuples(st.sampled_from([1.0, 2.0, 3.0, 5.0]), st.integers(0, 20 * HALF_LIFE_MS)),
    min_size=1,
    max_size=30,
)


def test_a_score_halves_every_30_days() -> None:
    assert HALF_LIFE_MS == 30 * 24 * 3_600 * 1_000
    assert decayed(8.0, START_MS, START_MS + HALF_LIFE_MS) == 4.0
    assert decayed(8.0, START_MS, START_MS + 3 * HALF_LIFE_MS) == 1.0
    assert decayed(8.0, 0, 10**15) == 0.0


def test_a_score_is_not_larger_before_its_own_time() -> None:
    assert decayed(8.0, START_MS, START_MS - HALF_LIFE_MS) == 8.0


@given(contributions, st.randoms(use_true_random=False))
def test_the_sum_is_that_of_the_contributions_each_faded_alone_in_any_order(
    given_: list[tuple[float, int]], dice: Any
) -> None:
    newest = max(at_ms for _, at_ms in given_)
    alone = sum(decayed(weight, at_ms, newest) for weight, at_ms in given_)
    dice.shuffle(given_)
    interest = Interest()
    for weight, at_ms in given_:
        add(interest, weight, at_ms)
    assert interest.at == newest
    assert interest.score == pytest.approx(alone)
