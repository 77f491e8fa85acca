"""Linear Thompson sampling: what counters of corners lead to is ridge regression on outcomes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from decisions.learning.beliefs import starts
from decisions.learning.draws import Keys, lots
from decisions.learning.policies.linear import believed, normals
from decisions.learning.sound import Floats

KEYS: Keys = np.arange(1, 4, dtype=np.uint64)


def corner(number: int, features: int) -> Floats:
    """x of who stands there."""
    return np.array([1.0, *(float(number >> bit & 1) for bit in range(features))])


def counted(outcomes: list[tuple[int, bool]], features: int) -> Floats:
    """Taken and refused of one arm at each corner, shape (2, 2^k, 1)."""
    found = np.zeros((2, 1 << features, 1))
    for number, taken in outcomes:
        found[0 if taken else 1, number] += 1.0
    return found


worlds = st.integers(0, 5).flatmap(
    lambda features: st.tuples(
        st.just(features),
        st.integers(0, (1 << features) - 1),
        st.lists(st.tuples(st.integers(0, (1 << features) - 1), st.booleans()), max_size=60),
    )
)


@settings(deadline=None)
@given(worlds, st.floats(0.001, 0.999), st.floats(1, 500))
def test_mean_and_spread_are_those_of_ridge_regression_on_the_single_outcomes(
    world: tuple[int, int, list[tuple[int, bool]]], propensity: float, evidence: float
) -> None:
    """The oracle solves least squares with a row for each outcome, and rows for the start."""
    features, here, outcomes = world
    start = starts([propensity], [evidence])
    (mean,), (spread,) = believed(start, counted(outcomes, features), here)
    d, root = 1 + features, np.sqrt(evidence)
    rows = np.vstack([root * np.eye(d), *(corner(number, features) for number, _ in outcomes)])
    right = np.array([root * propensity, *[0.0] * features, *(float(t) for _, t in outcomes)])
    weights, *_ = np.linalg.lstsq(rows, right, rcond=None)
    x = corner(here, features)
    overall = (propensity * evidence + right[d:].sum() + 2) / (evidence + len(outcomes) + 4)
    square = x @ np.linalg.inv(rows.T @ rows) @ x
    assert mean == pytest.approx(x @ weights, rel=1e-9, abs=1e-11)
    assert spread == pytest.approx(np.sqrt(overall * (1 - overall) / 2 * square), rel=1e-9)


@given(st.floats(0.01, 0.9), st.floats(1, 500), st.integers(0, 2_000), st.floats(0, 1))
def test_without_features_it_has_the_mean_of_the_beta_and_half_its_variance_once_much_was_seen(
    propensity: float, evidence: float, tries: int, share: float
) -> None:
    start = starts([propensity], [evidence])
    seen = np.array([[[tries * share]], [[tries * (1 - share)]]])
    (mean,), (spread,) = believed(start, seen, 0)
    beta = stats.beta(*(start + seen[:, 0])[:, 0])
    assert mean == pytest.approx(beta.mean(), rel=1e-9)
    n, outcome = evidence + tries, beta.mean() * (1 - beta.mean())
    more = (beta.mean() * n + 2) / (n + 4)
    assert spread**2 == pytest.approx(beta.var() * (n + 1) / n / 2 * more * (1 - more) / outcome)


@given(st.floats(0.002, 0.3), st.floats(5, 500), st.integers(0, 100_000))
def test_an_arm_that_was_only_ever_refused_is_drawn_about_as_high_as_from_its_beta(
    propensity: float, evidence: float, tries: int
) -> None:
    """A normal as wide as that Beta would reach half as high, and never win again."""
    start = starts([propensity], [evidence])
    (mean,), (spread,) = believed(start, np.array([[[0.0]], [[float(tries)]]]), 0)
    high = stats.norm(mean, spread).ppf(0.99)
    assert high > 0.75 * stats.beta(start[0, 0], start[1, 0] + tries).ppf(0.99)


counts = st.lists(st.floats(0, 1e6), min_size=8, max_size=8)


@given(st.lists(st.tuples(counts, counts), min_size=2, max_size=12), st.integers(0, 7))
def test_an_arm_has_the_same_bits_whatever_others_there_are(
    arms: list[tuple[list[float], list[float]]], here: int
) -> None:
    seen = np.array(arms).transpose(1, 2, 0)
    start = starts([0.05] * len(arms), [50.0] * len(arms))
    together = believed(start, seen, here)
    for at in range(len(arms)):
        alone = believed(start[:, [at]], seen[:, :, [at]], here)
        assert alone.tobytes() == together[:, [at]].tobytes()


@given(st.integers(0, 31), st.integers(0, 31), st.floats(0, 1e18), st.floats(1, 1e5))
def test_however_much_was_seen_at_one_corner_it_stays_finite_and_uncertain(
    there: int, here: int, many: float, evidence: float
) -> None:
    """Of so large numbers nothing is left but rounding where one is taken from another."""
    seen = np.zeros((2, 32, 1))
    seen[:, there, 0] = many / 10, many
    found = believed(starts([0.03], [evidence]), seen, here)
    assert np.isfinite(found).all()
    assert found[1, 0] > 0


def test_what_is_seen_of_a_feature_counts_for_all_who_have_it() -> None:
    """Taken where the first holds, whatever the second; nobody with both was ever seen."""
    outcomes = [(0, False), (1, True), (2, False)] * 200
    start = starts([0.1], [50])
    both, second = (believed(start, counted(outcomes, 2), here)[0, 0] for here in (3, 2))
    assert both > 0.6
    assert second < 0.1


def test_draws_are_normal_and_cut_off_at_0_and_1() -> None:
    found = np.array([[0.5, 0.02, 0.99], [0.1, 0.05, 0.05]])
    drawn = np.array(
        [normals(found, lots(seed * 0x9E3779B97F4A7C15 % 2**64, KEYS)) for seed in range(4_000)]
    )
    assert ((drawn >= 0) & (drawn <= 1)).all()
    noise = 1.63 / np.sqrt(4_000)  # Kolmogorov's bound at 1 %
    assert stats.kstest(drawn[:, 0], stats.norm(0.5, 0.1).cdf).statistic < noise
    assert np.mean(drawn[:, 1] == 0.0) == pytest.approx(stats.norm.cdf(-0.4), abs=0.03)
    assert np.mean(drawn[:, 2] == 1.0) == pytest.approx(stats.norm.sf(0.2), abs=0.03)


@given(st.integers(0, 2**64 - 1))
def test_equal_seeds_draw_the_same_of_an_arm_whatever_others_there_are(seed: int) -> None:
    found = np.array([[0.5, 0.4, 0.3], [0.1, 0.1, 0.1]])
    all_three = normals(found, lots(seed, KEYS))
    assert normals(found[:, 1:], lots(seed, KEYS[1:])).tobytes() == all_three[1:].tobytes()
