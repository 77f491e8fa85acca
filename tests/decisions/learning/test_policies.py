"""What each policy proposes, seen from outside: how often, how high, and what it refuses."""

from math import inf, log, nan

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.learning.beliefs import Beliefs, beliefs, seen, starts
from decisions.learning.draws import Keys
from decisions.learning.policies.bounds import upper_bounds
from decisions.learning.policies.kinds import (
    Greedy,
    Policy,
    Thompson,
    UpperBound,
)
from decisions.learning.policies.propose import propose
from decisions.learning.sound import Floats

ALL: list[Policy] = [
    Thompson(),
    Greedy(),
    Greedy(mature=True),
    UpperBound(),
]

shapes = st.floats(0.01, 1e5)
several = st.lists(st.tuples(shapes, shapes), min_size=1, max_size=20)


def keys(many: int) -> Keys:
    return np.arange(1, many + 1, dtype=np.uint64)


def of(pairs: list[tuple[float, float]]) -> Beliefs:
    return Beliefs(np.array(pairs, dtype=float).T)


@pytest.mark.parametrize("policy", ALL)
def test_every_policy_proposes_a_propensity_for_each_arm_and_the_same_again(policy: Policy) -> None:
    @settings(max_examples=50)
    @given(several, st.integers(0, 2**64 - 1))
    def law(pairs: list[tuple[float, float]], seed: int) -> None:
        one, two = (propose(policy, of(pairs), seed, keys(len(pairs))) for _ in range(2))
        assert one.shape == (len(pairs),)
        assert ((one >= 0) & (one <= 1)).all()
        assert one.tobytes() == two.tobytes()

    law()


def test_thompson_draws_an_arm_as_often_as_it_is_best() -> None:
    """Two arms alike: half of the decisions each. One that is certainly better: all."""
    alike, clear = of([(3, 40), (3, 40)]), of([(3, 40), (3000, 40)])
    best = [propose(Thompson(), alike, seed, keys(2)).argmax() for seed in range(4_000)]
    assert np.mean(best) == pytest.approx(0.5, abs=0.03)
    assert all(propose(Thompson(), clear, seed, keys(2)).argmax() for seed in range(100))


def test_thompson_draws_are_spread_as_the_beliefs_are() -> None:
    found = of([(2, 38), (20, 380)])
    drawn = np.array([propose(Thompson(), found, seed, keys(2)) for seed in range(4_000)])
    n = found.evidence
    assert drawn.mean(axis=0) == pytest.approx(found.mean, rel=0.03)
    assert drawn.var(axis=0) == pytest.approx(found.mean * (1 - found.mean) / (n + 1), rel=0.1)


def test_greedy_expects_what_was_seen_and_by_maturity_a_bit_less() -> None:
    found = beliefs(starts([0.1, 0.1], [10, 10]), seen([0, 90], [0, 9]))
    assert propose(Greedy(), found, 0, keys(2)).tolist() == pytest.approx([0.1, 0.1])
    mature = propose(Greedy(mature=True), found, 0, keys(2))
    assert mature.tolist() == pytest.approx([1 / 11, 10 / 101])


def bisected(p: float, budget: float) -> float:
    """The largest q with kl(p, q) ≤ budget, by halving what it may be 200 times."""
    low, high = p, 1.0
    for _ in range(200):
        q = (low + high) / 2
        if q in (low, high):
            break
        near = p * log(p / q) + (1 - p) * log((1 - p) / (1 - q)) if q < 1 else inf
        low, high = (q, high) if near <= budget else (low, q)
    return low


@settings(max_examples=300)
@given(several)
def test_upper_bounds_are_where_the_divergence_uses_up_the_budget(
    pairs: list[tuple[float, float]],
) -> None:
    found = of(pairs)
    t = found.evidence.sum()
    for q, p, n in zip(upper_bounds(found), found.mean, found.evidence, strict=True):
        assert q == pytest.approx(bisected(p, log(t / n) / n), abs=1e-7)
        assert q >= p


def test_an_arm_that_was_hardly_tried_has_the_higher_bound() -> None:
    found = beliefs(starts([0.05, 0.05], [10, 10]), seen([0, 1_000], [0, 60]))
    bound = propose(UpperBound(), found, 0, keys(2))
    assert bound[0] > bound[1] > found.mean[1]


def test_policies_are_read_by_name() -> None:
    read = msgspec.json.decode
    assert read('{"type": "thompson"}', type=Policy) == Thompson()
    assert read('{"type": "greedy", "mature": true}', type=Policy) == Greedy(mature=True)
    assert read('{"type": "upper-bound"}', type=Policy) == UpperBound()


@pytest.mark.parametrize("policy", ALL)
def test_beliefs_that_are_none_lead_to_no_proposal(policy: Policy) -> None:
    def proposed(alpha: list[float]) -> Floats:
        shapes = np.array([alpha, [1.0] * len(alpha)])
        return propose(policy, Beliefs(shapes), 0, keys(len(alpha)))

    with pytest.raises(ValueError, match="expected one arm or more, got none"):
        proposed([])
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match=r"propensity|nan|NaN|<= 0"):
        proposed([1.0, nan])
