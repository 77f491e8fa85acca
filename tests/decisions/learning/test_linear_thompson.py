"""Linear Thompson sampling: sums that add up, the posterior they lead to, draws from it."""

from math import inf, nan

import numpy as np
import pytest

from decisions.learning.policies.linear import (
    LinearCounter,
    LinearStart,
    added,
    believed,
    booked,
    linear_propensities,
    moved,
    nothing,
)
from decisions.learning.sound import Floats

DAY_MS = 86_400_000
KEYS = np.arange(2, dtype=np.uint64)
BEGIN_MS = 20_833 * DAY_MS


def seen(many: int, seed: int) -> tuple[Floats, Floats, list[int]]:
    """Features, outcomes and times of as many."""
    dice = np.random.default_rng(seed)
    x = np.column_stack([np.ones(many), dice.random((many, 3))])
    taken = (dice.random(many) < x @ [0.02, 0.05, 0.1, 0.0]).astype(float)
    return x, taken, [BEGIN_MS + int(at) for at in dice.integers(0, 5 * DAY_MS, many)]


def counted(x: Floats, taken: Floats, at_ms: list[int]) -> LinearCounter:
    found = nothing(x.shape[1])
    for features, outcome, at in zip(x, taken, at_ms, strict=True):
        found = booked(found, DAY_MS, at, features, float(outcome))
    return found


def test_the_sums_of_two_shards_are_those_of_one_that_saw_all() -> None:
    x, taken, at_ms = seen(200, 1)
    whole = counted(x, taken, at_ms)
    parts = added(
        counted(x[:90], taken[:90], at_ms[:90]), counted(x[90:], taken[90:], at_ms[90:]), DAY_MS
    )
    assert parts.at_ms == whole.at_ms
    assert np.allclose(parts.squares, whole.squares, rtol=1e-12)
    assert np.allclose(parts.products, whole.products, rtol=1e-12)


def test_what_is_believed_is_weighted_ridge_regression() -> None:
    """The oracle solves least squares on the outcomes themselves, each with what it is worth, and
    the start as rows of its own."""
    x, taken, at_ms = seen(300, 2)
    now_ms = BEGIN_MS + 6 * DAY_MS
    start = LinearStart(precision=2.0, weight=0.03, spread=0.5)
    found = believed(counted(x, taken, at_ms), start, now_ms, DAY_MS)
    root = np.sqrt([0.5 ** ((now_ms - at) / DAY_MS) for at in at_ms])
    rows = np.vstack([x * root[:, None], np.sqrt(2.0) * np.eye(4)])
    right = np.concatenate([taken * root, np.full(4, np.sqrt(2.0) * 0.03)])
    expected, *_ = np.linalg.lstsq(rows, right, rcond=None)
    assert np.allclose(found.mean, expected, rtol=1e-9)
    covariance = 0.25 * np.linalg.inv(rows.T @ rows)
    assert np.allclose(found.root @ found.root.T, covariance, rtol=1e-9)


def test_draws_are_spread_as_the_weights_are() -> None:
    belief = believed(counted(*seen(300, 3)), LinearStart(weight=0.1), BEGIN_MS, DAY_MS)
    x = np.array([[0.5, 0.2, 0.1, 0.3], [0.4, 0.0, 0.5, 0.5]])
    keys = np.arange(4, dtype=np.uint64)
    drawn = np.array([linear_propensities(belief, x, seed, keys) for seed in range(4_000)])
    inside = ((drawn > 0) & (drawn < 1)).all()
    assert inside, "else the cut would show in mean and covariance"
    assert np.allclose(drawn.mean(axis=0), x @ belief.mean, rtol=0.03)
    assert np.allclose(np.cov(drawn.T), x @ belief.root @ belief.root.T @ x.T, rtol=0.12)


def test_equal_seeds_draw_equal_propensities_within_0_and_1() -> None:
    belief = believed(nothing(2), LinearStart(spread=5.0), BEGIN_MS, DAY_MS)
    x = np.random.default_rng(1).normal(size=(50, 2))
    one, two = (linear_propensities(belief, x, 9, KEYS) for _ in range(2))
    assert one.tobytes() == two.tobytes()
    assert ((one >= 0) & (one <= 1)).all()
    assert 0.0 in one
    assert 1.0 in one


def test_after_a_half_life_half_of_the_sums_is_left() -> None:
    found = booked(nothing(2), DAY_MS, BEGIN_MS, np.array([1.0, 2.0]), 1.0)
    later = moved(found, BEGIN_MS + DAY_MS, DAY_MS)
    assert later.squares.tolist() == [[0.5, 1.0], [1.0, 2.0]]
    assert later.products.tolist() == [0.5, 1.0]


@pytest.mark.parametrize("wrong", [nan, inf, -inf])
def test_numbers_that_are_none_are_refused_by_name(wrong: float) -> None:
    with pytest.raises(ValueError, match=r"features: .* at \[1\]"):
        booked(nothing(2), DAY_MS, BEGIN_MS, np.array([1.0, wrong]), 1.0)
    with pytest.raises(ValueError, match="taken"):
        booked(nothing(2), DAY_MS, BEGIN_MS, np.array([1.0, 1.0]), wrong)
    belief = believed(nothing(2), LinearStart(), BEGIN_MS, DAY_MS)
    with pytest.raises(ValueError, match=r"features: .* at \[0, 1\]"):
        linear_propensities(belief, np.array([[1.0, wrong]]), 9, KEYS)
    with pytest.raises(ValueError, match="squares"):
        moved(LinearCounter(np.full((1, 1), wrong), np.zeros(1), 0), DAY_MS, DAY_MS)
    with pytest.raises(ValueError, match="precision"):
        believed(nothing(2), LinearStart(precision=0.0), BEGIN_MS, DAY_MS)


def test_features_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"features: expected shape \(2,\), got \(3,\)"):
        booked(nothing(2), DAY_MS, BEGIN_MS, np.ones(3), 1.0)
