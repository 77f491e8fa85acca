"""What is believed of an arm: where its group starts, and then more and more what was seen."""

from math import inf, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.learning.beliefs import beliefs, seen, starts
from decisions.learning.maturity import matured, smoothed

shares = st.floats(0.001, 0.999)
many = st.floats(0.01, 1e5)


def test_without_evidence_an_arm_is_what_its_group_starts_with() -> None:
    found = beliefs(starts([0.02, 0.3], [50, 10]), seen([0, 0], [0, 0]))
    assert found.mean.tolist() == pytest.approx([0.02, 0.3])
    assert found.evidence.tolist() == pytest.approx([50, 10])


@settings(max_examples=40)
@given(shares, many, st.integers(0, 200), st.floats(0, 1))
def test_beliefs_are_those_of_bayes_by_brute_force(
    sp: float, se: float, tries: int, share: float
) -> None:
    """Prior times likelihood on a grid, normalised, has the same mean."""
    taken = round(share * tries)
    found = beliefs(starts([sp], [se]), seen([tries], [taken]))
    a, b = sp * se, (1 - sp) * se
    if min(a + taken, b + tries - taken) < 1.5:
        return  # so near an edge that a plain grid sees nothing
    p = (np.arange(200_000) + 0.5) / 200_000
    log = (a + taken - 1) * np.log(p) + (b + tries - taken - 1) * np.log1p(-p)
    weight = np.exp(log - log.max())
    assert found.mean[0] == pytest.approx((p * weight).sum() / weight.sum(), rel=1e-3)


@given(shares, many, st.floats(0, 1e5), shares)
def test_propensity_by_maturity_is_the_mean_after_one_refusal_more(
    sp: float, se: float, tries: float, share: float
) -> None:
    found = beliefs(starts([sp], [se]), seen([tries], [tries * share]))
    (pega,) = smoothed([sp], se, share, tries)
    more = beliefs(starts([sp], [se]), seen([tries + 1], [tries * share]))
    assert matured(found)[0] == pytest.approx(pega, rel=1e-9)
    assert more.mean[0] == pytest.approx(pega, rel=1e-9)


def test_propensity_by_maturity_as_worked_by_hand() -> None:
    """Starting evidence 50 and propensity 0.30, as on Pega's page; an arm that is taken in 10 %."""
    found = smoothed(0.30, 50, 0.10, [0, 50, 500, 1e9])
    assert found.tolist() == pytest.approx([15 / 51, 20 / 101, 65 / 551, 0.1])


def test_propensity_by_maturity_is_a_number_where_there_is_nothing_at_all() -> None:
    assert smoothed(0.3, 0, 0.0, [0]).tolist() == [0]


@pytest.mark.parametrize("wrong", [nan, inf, -inf, -0.5])
def test_numbers_that_are_none_are_refused_by_name_and_place(wrong: float) -> None:
    def refused(name: str, place: int | str, made: Any, *values: Any) -> None:
        with pytest.raises(ValueError, match=rf"^{name}: .* at \[{place}\]$"):
            made(*values)

    refused("tries", 1, seen, [1, wrong], [0, 0])
    refused("taken", 0, seen, [1, 1], [wrong, 0])
    refused("seen", "1, 0", beliefs, starts([0.1], [10]), np.array([[1], [wrong]]))
    refused("starting propensity", 1, starts, [0.1, wrong], 10)
    refused("starting evidence", 0, starts, 0.1, [wrong])
    refused("propensity", 2, smoothed, 0.1, 10, [0, 1, wrong], 10)


def test_more_taken_than_tried_and_starts_that_leave_no_doubt_are_refused() -> None:
    with pytest.raises(ValueError, match=r"tries less taken: .* got -1\.0 at"):
        seen([1], [2])
    for certain in (0.0, 1.0):
        with pytest.raises(ValueError, match="starting propensity"):
            starts([certain], 10)
    with pytest.raises(ValueError, match="starting evidence"):
        starts(0.1, [0])
