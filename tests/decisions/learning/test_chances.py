"""How likely an arm was to go first: by formula, by integral, and by trying."""

import random
from math import exp, lgamma, nan
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.learning.beliefs import Beliefs
from decisions.learning.chances import chances_of_first, first_of
from decisions.learning.draws import explores, first_by_lot
from decisions.learning.policies.kinds import Greedy
from decisions.learning.policies.propose import propose
from decisions.learning.quadrature import linear_chances, thompson_chances
from decisions.learning.sound import Floats


def of(*pairs: tuple[float, float]) -> Beliefs:
    return Beliefs(np.array(pairs, dtype=float).T)


def second_is_better(a: int, b: int, c: int, d: int) -> float:
    """P(X < Y) of X ~ Beta(a, b), Y ~ Beta(c, d), whole numbers, as a finite sum (Miller, "Formulas
    for Bayesian A/B Testing", 2014)."""

    def log_beta(x: float, y: float) -> float:
        return lgamma(x) + lgamma(y) - lgamma(x + y)

    return sum(
        exp(log_beta(a + i, b + d) - np.log(d + i) - log_beta(1 + i, d) - log_beta(a, b))
        for i in range(c)
    )


def tried(
    found: Beliefs, weight: list[float], cost: list[float], exponent: float, many: int
) -> list[float]:
    """The same by throwing Python's own dice `many` times."""
    dice, wins = random.Random(5), [0] * len(found.alpha)
    arms = list(zip(found.alpha, found.beta, weight, cost, strict=True))
    for _ in range(many):
        scores = [dice.betavariate(a, b) ** exponent * w - c for a, b, w, c in arms]
        wins[scores.index(max(scores))] += 1
    return [won / many for won in wins]


whole = st.integers(1, 60)


@settings(max_examples=100)
@given(whole, whole, whole, whole)
def test_of_two_arms_it_is_what_the_finite_sum_says(a: int, b: int, c: int, d: int) -> None:
    found = thompson_chances(of((a, b), (c, d)))
    assert found[1] == pytest.approx(second_is_better(a, b, c, d), abs=1e-6)


def test_of_many_arms_with_values_and_costs_it_is_what_trying_says() -> None:
    found = of((0.4, 19.6), (3, 60), (30, 600), (5, 45), (1, 9), (0.5, 0.5))
    weight, cost = [20.0, 12.0, 11.0, 6.0, 5.0, 0.8], [0.1, 0.0, 0.02, 0.0, 0.1, 0.0]
    for exponent in (1.0, 0.5):
        chances = thompson_chances(found, weight, cost, exponent)
        expected = tried(found, weight, cost, exponent, 60_000)
        assert chances.tolist() == pytest.approx(expected, abs=4 * 0.5 / 60_000**0.5)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(0.1, 500), st.floats(0.1, 5_000)), min_size=1, max_size=20))
def test_chances_are_shares_of_one_and_a_finer_grid_says_the_same(
    pairs: list[tuple[float, float]],
) -> None:
    found = thompson_chances(of(*pairs))
    assert found.sum() == pytest.approx(1.0)
    assert (found >= 0).all()
    assert found == pytest.approx(thompson_chances(of(*pairs), points=32_000), abs=2e-5)


def test_arms_alike_are_as_likely_and_a_dead_one_is_not() -> None:
    assert thompson_chances(of(*[(2, 50)] * 8)) == pytest.approx([1 / 8] * 8)
    dead = thompson_chances(of((2, 50), (2, 50), (1, 1e7)))
    assert dead.tolist() == pytest.approx([0.5, 0.5, 0.0], abs=1e-5)


def tried_linear(
    found: Floats, weight: list[float], cost: list[float], exponent: float, many: int
) -> list[float]:
    """Normals cut off at 0 and 1, by Python's own dice; `index` finds the first of equal scores."""
    dice, wins = random.Random(6), [0] * len(weight)
    arms = list(zip(*found.tolist(), weight, cost, strict=True))
    for _ in range(many):
        scores = [min(max(dice.gauss(m, s), 0.0), 1.0) ** exponent * w - c for m, s, w, c in arms]
        wins[scores.index(max(scores))] += 1
    return [won / many for won in wins]


@given(st.floats(0.4, 0.6), st.floats(0.4, 0.6), st.floats(0.01, 0.06), st.floats(0.01, 0.06))
def test_of_two_normal_arms_far_from_the_cuts_it_is_a_normal_distribution(
    one: float, other: float, spread: float, wide: float
) -> None:
    found = linear_chances(np.array([[one, other], [spread, wide]]))
    expected = NormalDist().cdf((other - one) / (spread**2 + wide**2) ** 0.5)
    assert found[1] == pytest.approx(expected, abs=1e-5)


def test_of_many_normal_arms_that_are_cut_off_it_is_what_trying_says() -> None:
    """Two arms are alike but for their place, and nearly always 0 or below; others are often 1."""
    found = np.array(
        [[-0.04, -0.04, 0.01, 0.03, 0.9, 1.2, 0.1], [0.02, 0.02, 0.03, 0.01, 0.2, 0.1, 1e-9]]
    )
    for weight, cost in (
        ([9.0, 9.0, 9.0, 7.0, 0.2, 0.2, 1.0], [0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 0.0]),
        ([1.0, 1.0, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3], [0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        ([1e-3, 1e-3, 1e-3, 1e-3, 1.0, 1.0, 1.0], [0.0] * 7),
    ):
        for exponent in (1.0, 0.5):
            chances = linear_chances(found, weight, cost, exponent)
            expected = tried_linear(found, weight, cost, exponent, 20_000)
            assert chances.tolist() == pytest.approx(expected, abs=4 * 0.5 / 20_000**0.5)


normal_arms = st.lists(
    st.tuples(st.floats(-0.5, 1.5), st.floats(1e-9, 2.0)), min_size=1, max_size=12
)


@settings(max_examples=60)
@given(normal_arms)
def test_chances_of_normal_arms_are_shares_of_one_and_a_finer_grid_says_the_same(
    arms: list[tuple[float, float]],
) -> None:
    found = linear_chances(np.array(arms).T)
    assert found.sum() == pytest.approx(1.0)
    assert (found >= 0).all()
    assert found == pytest.approx(linear_chances(np.array(arms).T, points=32_000), abs=1e-4)


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=10), st.floats(0, 1))
def test_chances_of_what_is_not_drawn_are_shares_of_one(scores: list[float], share: float) -> None:
    found = chances_of_first(np.array(scores), share)
    assert found.sum() == pytest.approx(1.0)
    assert found[np.argmax(scores)] == found.max()
    assert found.min() == pytest.approx(share / len(scores) if len(scores) > 1 else 1.0)


def test_who_explores_in_a_share_of_decisions_goes_first_as_often_as_is_said() -> None:
    found, keys, many = of((1, 9), (2, 9), (3, 9)), np.arange(3, dtype=np.uint64), 10_000
    scores = propose(Greedy(), found, 0, keys) * np.array([1.0, 9.0, 2.0])
    wins = np.zeros(3)
    for seed in range(many):
        seed *= 0x9E3779B97F4A7C15 % 2**48
        first = first_by_lot(seed, keys) if explores(seed, 0.3) else None
        wins[first_of(scores, first)] += 1
    said = chances_of_first(scores, 0.3)
    assert said.tolist() == pytest.approx([0.1, 0.8, 0.1])
    assert (wins / many).tolist() == pytest.approx(said.tolist(), abs=0.02)


def test_of_equal_scores_the_first_goes_first() -> None:
    assert first_of(np.array([1.0, 2.0, 2.0])) == 1
    assert first_of(np.array([1.0, 2.0, 2.0]), first=0) == 0


def test_scores_and_weights_that_are_none_are_refused_by_name() -> None:
    for wrong in (np.array([1.0, nan]), np.array([1.0, -np.inf])):
        with pytest.raises(ValueError, match=r"scores: .* at \[1\]"):
            first_of(wrong)
    with pytest.raises(ValueError, match="expected one score or more"):
        first_of(np.array([]))
    with pytest.raises(ValueError, match="share"):
        chances_of_first(np.array([1.0]), 1.5)
    with pytest.raises(ValueError, match="weight"):
        thompson_chances(of((1, 1), (1, 1)), [1.0, 0.0])
    with pytest.raises(ValueError, match="cost"):
        thompson_chances(of((1, 1), (1, 1)), 1.0, [nan, 0.0])
