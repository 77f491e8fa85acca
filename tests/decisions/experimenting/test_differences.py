"""Intervals are those that were published, or those of SciPy; the laws of them hold."""

import random
from math import log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from decisions.experimenting.differences import (
    freedom,
    information,
    of_means,
    of_rate,
    of_rates,
)
from decisions.experimenting.quantiles import SHARPEST, anytime, normal, student
from decisions.experimenting.shares import beyond, ratio
from decisions.experimenting.tally import Tally


def rate(successes: int, customers: int) -> Tally:
    return Tally(customers, successes, float(successes), float(successes))


def tally(values: list[float]) -> Tally:
    found = Tally()
    for value in values:
        found.add(value)
    return found


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_a_difference_of_rates_has_the_interval_that_newcombe_published(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    """Statistics in Medicine 17, 1998, table II, method 10, to its four places."""
    found = of_rates(rate(*one), rate(*other), normal(0.05))
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_the_interval_of_a_rate_is_wilsons() -> None:
    wilson = stats.binomtest(13, 170).proportion_ci(0.95, "wilson")
    found = of_rate(rate(13, 170), normal(0.05))
    assert (found.low, found.high) == pytest.approx((wilson.low, wilson.high))


def test_a_difference_of_means_has_the_interval_of_welch() -> None:
    dice = random.Random(1)
    one = [dice.lognormvariate(3, 1) if dice.random() < 0.3 else 0.0 for _ in range(400)]
    other = [dice.lognormvariate(3, 2) if dice.random() < 0.2 else 0.0 for _ in range(90)]
    welch = stats.ttest_ind(one, other, equal_var=False)
    a, b = tally(one), tally(other)
    assert freedom(a, b) == pytest.approx(welch.df)
    found = of_means(a, b, student(0.05, freedom(a, b)))
    expected = welch.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("error", [0.05, 0.025, 0.01, 0.005])
@pytest.mark.parametrize("degrees", [10, 30, 1_000])
def test_students_quantile_is_as_exact_as_it_says(error: float, degrees: int) -> None:
    assert student(error, degrees) == pytest.approx(stats.t.ppf(1 - error / 2, degrees), rel=1e-4)


@pytest.mark.parametrize("degrees", range(1, 11))
@pytest.mark.parametrize("statistic", [0.0, 0.3, 1.0, 7.0, 40.0])
def test_the_tail_of_chi_square_is_right(statistic: float, degrees: int) -> None:
    assert beyond(statistic, degrees) == pytest.approx(stats.chi2.sf(statistic, degrees))


def test_shares_are_judged_as_pearson_does() -> None:
    found = ratio([5_100, 3_000, 1_900], [50, 30, 20])
    expected = stats.chisquare([5_100, 3_000, 1_900], [5_000, 3_000, 2_000])
    assert (found.statistic, found.probability) == pytest.approx(tuple(expected))
    assert not found.mismatch
    assert ratio([5_400, 3_000, 1_600], [50, 30, 20]).mismatch
    assert not ratio([0, 0], [50, 50]).mismatch, "nobody is no mismatch"
    assert not ratio([7], [5]).mismatch, "one arm has no share to miss"


def test_at_all_times_is_the_published_boundary_with_the_variance_for_a_clock() -> None:
    """Half the width of the asymptotic confidence sequence, written as in the paper."""
    error, variance, customers, best = 0.05, 731.0, 20_000, -2 * log(0.05)
    rho2 = (best + log(best) + 1) / SHARPEST
    half = (
        sqrt(2 * (variance * rho2 + 1) / rho2 * log(sqrt(variance * rho2 + 1) / error)) / customers
    )
    assert anytime(error, variance) * sqrt(variance) / customers == pytest.approx(half)


def test_at_all_times_is_narrowest_where_it_says_and_never_as_narrow_as_at_one() -> None:
    widths = {known: anytime(0.05, known) / normal(0.05) for known in range(20, 5_000, 20)}
    narrowest = min(widths, key=widths.__getitem__)
    assert 0.8 * SHARPEST < narrowest < SHARPEST * 1.2
    assert min(widths.values()) > 1.5
    shown = {known: round(anytime(0.05, known) / normal(0.05), 1) for known in (500, 100, 10_000)}
    assert shown == {500: 1.5, 100: 1.7, 10_000: 1.7}
    assert {round(anytime(0.05, known) / normal(0.05), 1) for known in (50, 100_000)} == {1.9}


ARMS = st.integers(1, 10_000).flatmap(
    lambda customers: st.builds(rate, st.integers(0, customers), st.just(customers))
)


@given(ARMS, ARMS, st.floats(0.1, 10))
def test_an_interval_holds_the_difference_stays_within_bounds_and_turns_with_its_arms(
    one: Tally, other: Tally, quantile: float
) -> None:
    found, turned = of_rates(one, other, quantile), of_rates(other, one, quantile)
    assert found.low - 1e-12 <= one.rate - other.rate <= found.high + 1e-12
    assert -1 - 1e-9 <= found.low <= found.high <= 1 + 1e-9
    assert (found.low, found.high) == pytest.approx((-turned.high, -turned.low), abs=1e-12)


@given(ARMS, ARMS)
def test_what_is_known_is_about_as_much_as_there_are_rare_successes(
    one: Tally, other: Tally
) -> None:
    known = information(one, other)
    assert known >= 0
    both = Tally(
        one.customers + other.customers,
        one.successes + other.successes,
        one.total + other.total,
        one.squares + other.squares,
    )
    if one.rate == other.rate:
        assert known == pytest.approx(both.successes * (1 - both.rate), abs=1e-6)


def test_what_is_known_does_not_depend_on_the_currency() -> None:
    dice = random.Random(2)
    a, b = ([dice.lognormvariate(3, 1) * (dice.random() < 0.1) for _ in range(500)] for _ in "ab")
    euros = information(tally(a), tally(b))
    cents = information(tally([100 * v for v in a]), tally([100 * v for v in b]))
    assert cents == pytest.approx(euros)
    assert 20 < euros < 200
