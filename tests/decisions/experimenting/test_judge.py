"""What is said of an experiment, from what was counted of its arms."""

import pytest

from decisions.experimenting.differences import of_rates
from decisions.experimenting.judge import judge, usual_reference
from decisions.experimenting.quantiles import anytime, normal
from decisions.experimenting.tally import Tally
from decisions.offering.experiments import Experiment, control

THREE = Experiment("tone", "tone", (("plain", 40), ("warm", 40), ("loud", 20)))


def rate(successes: int, customers: int) -> Tally:
    return Tally(customers, successes, float(successes), float(successes))


def test_the_reference_is_the_control_or_else_the_first_arm() -> None:
    assert usual_reference(THREE) == "plain"
    assert usual_reference(control("control", "s", 5)) == "control"
    other = Experiment("x", "x", (("new", 50), ("control", 50)))
    assert usual_reference(other) == "control"


def test_each_other_arm_is_compared_and_the_error_is_shared_among_comparisons() -> None:
    tallies = {"plain": rate(200, 4_000), "warm": rate(300, 4_000), "loud": rate(60, 2_000)}
    judged = judge(THREE, "plain", tallies)
    warm, loud = judged.comparisons
    assert (warm.arm, warm.verdict, loud.arm, loud.verdict) == ("warm", "better", "loud", "worse")
    assert warm.difference == pytest.approx(0.025)
    assert warm.relative == pytest.approx(0.5)
    assert warm.once == of_rates(tallies["warm"], tallies["plain"], normal(0.025))
    assert loud.once == of_rates(tallies["loud"], tallies["plain"], normal(0.025))
    assert warm.anytime is not None
    assert warm.anytime.low < warm.once.low
    assert warm.anytime.high > warm.once.high
    known = (4_000 * 0.05 * 0.95 + 4_000 * 0.075 * 0.925) * 500 / 500
    assert warm.anytime == of_rates(tallies["warm"], tallies["plain"], anytime(0.025, known))


def test_two_arms_have_the_whole_error_and_the_other_reference_turns_it_round() -> None:
    two = Experiment("x", "x", (("a", 50), ("b", 50)))
    tallies = {"a": rate(50, 1_000), "b": rate(90, 1_000)}
    (forth,), (back,) = (judge(two, arm, tallies).comparisons for arm in ("a", "b"))
    assert forth.once == of_rates(tallies["b"], tallies["a"], normal(0.05))
    assert back.difference == -forth.difference


def test_where_there_is_little_or_nothing_little_or_nothing_is_said() -> None:
    two = Experiment("x", "x", (("a", 50), ("b", 50)))
    none = {"a": rate(0, 500), "b": rate(0, 500)}
    (only,) = judge(two, "a", none).comparisons
    assert (only.arm, only.anytime, only.relative, only.verdict) == ("b", None, None, "open")
    assert only.once is not None
    assert only.once.low < 0 < only.once.high
    (means,) = judge(two, "a", none, means=True).comparisons
    assert (means.once, means.anytime, means.verdict) == (None, None, "open")
    assert judge(two, "a", {"a": Tally(), "b": rate(0, 3)}).comparisons == ()
    assert judge(two, "b", {"a": Tally(), "b": rate(0, 3)}).comparisons == ()
    (alike,) = judge(two, "a", {"a": rate(500, 500), "b": rate(490, 490)}).comparisons
    assert (alike.difference, alike.anytime, alike.verdict) == (0.0, None, "open")


def test_arms_of_the_wrong_size_are_told() -> None:
    tallies = {"plain": rate(0, 4_000), "warm": rate(0, 3_500), "loud": rate(0, 2_000)}
    judged = judge(THREE, "plain", tallies)
    assert judged.ratio.mismatch
    assert {one.verdict for one in judged.comparisons} == {"distrusted"}
    tallies["warm"] = rate(0, 4_030)
    assert not judge(THREE, "plain", tallies).ratio.mismatch


def test_tallies_are_of_customers_and_sums_of_their_values() -> None:
    found = Tally()
    for value in (0.0, 30.0, 0.0, -10.0):
        found.add(value)
    assert found == Tally(4, 2, 20.0, 1_000.0)
    assert (found.rate, found.mean, found.variance) == (0.5, 5.0, 225.0)
