"""Lots: who has the seed draws the same again, of each arm by itself."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from decisions.learning.beliefs import Beliefs
from decisions.learning.draws import Keys, beta, betas, explores, first_by_lot, lots, mixed

MASK = 2**64 - 1
seeds = st.integers(0, MASK)
keys = st.lists(st.integers(0, MASK), min_size=1, max_size=20, unique=True)
shapes = st.tuples(st.floats(0.01, 1e5), st.floats(0.01, 1e5))


def named(several: list[int]) -> Keys:
    return np.array(several, dtype=np.uint64)


def of(alpha: float, beta: float, many: int) -> Beliefs:
    return Beliefs(np.tile([[alpha], [beta]], (1, many)))


def split_mix(state: int) -> int:
    """The published algorithm, in whole numbers."""
    z = (state + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


@given(seeds, keys)
def test_bits_are_those_of_the_published_generator(seed: int, several: list[int]) -> None:
    assert mixed(seed, named(several)).tolist() == [split_mix(seed ^ key) for key in several]


def test_the_published_generator_is_the_published_generator() -> None:
    """Its first number from the state 0, as published with the reference code."""
    assert split_mix(0) == 0xE220A8397B1DCDAF


@given(seeds, keys, st.data())
def test_an_arms_draw_is_its_own_whatever_other_arms_there_are(
    seed: int, several: list[int], data: st.DataObject
) -> None:
    believed = [data.draw(shapes) for _ in several]
    whole = betas(Beliefs(np.array(believed).T), lots(seed, named(several)))
    assert ((whole >= 0) & (whole <= 1)).all()
    for position, key in enumerate(several):
        alone = betas(Beliefs(np.array([believed[position]]).T), lots(seed, named([key])))
        assert alone[0] == pytest.approx(whole[position], rel=1e-12)
        single = beta(*believed[position], seed, key)
        assert single == pytest.approx(whole[position], rel=1e-12, abs=1e-290)


@given(seeds, st.integers(0, MASK), shapes, st.floats(0.01, 100))
def test_what_is_taken_draws_higher_and_what_is_refused_lower_by_the_same_lot(
    seed: int, key: int, shape: tuple[float, float], more: float
) -> None:
    drawn, (alpha, beta) = lots(seed, named([key])), shape

    def draw(alpha: float, beta: float) -> float:
        return float(betas(of(alpha, beta, 1), drawn)[0])

    now = draw(alpha, beta)
    assert draw(alpha + more, beta) >= now * (1 - 1e-9)
    assert draw(alpha, beta + more) <= now * (1 + 1e-9)


@pytest.mark.parametrize(
    ("alpha", "beta"), [(0.05, 50), (0.2, 9.8), (0.5, 0.5), (1, 1), (1, 49), (3, 97), (40, 900)]
)
def test_draws_by_many_seeds_are_as_far_from_a_beta_as_is_said(alpha: float, beta: float) -> None:
    """Against the distribution function, and another sampler (Python's own)."""
    many = 40_000
    names = np.random.default_rng(7).integers(0, 2**63, many, dtype=np.uint64)
    draws = betas(of(alpha, beta, many), lots(12_345, names))
    noise = 1.63 / many**0.5  # what exact draws stay below in 99 of 100 runs
    assert stats.kstest(draws, stats.beta(alpha, beta).cdf).statistic < 0.005 + noise
    other = random.Random(7)
    others = np.array([other.betavariate(alpha, beta) for _ in range(many)])
    spread = others.std() / many**0.5
    assert draws.mean() == pytest.approx(others.mean(), rel=0.01, abs=4 * spread)
    assert draws.std() == pytest.approx(others.std(), rel=0.06)


def test_neighbouring_seeds_and_keys_do_not_draw_alike() -> None:
    names = np.arange(2_000, dtype=np.uint64)
    by_key = lots(1, names).normal[0]
    by_seed = np.array([lots(seed, names[:1]).normal[0, 0] for seed in range(2_000)])
    for drawn in (by_key, by_seed):
        assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.08
        assert stats.kstest(drawn, "norm").pvalue > 0.001
    drawn = lots(1, names)
    four = np.corrcoef(np.vstack([drawn.normal, drawn.log_uniform]))
    assert np.abs(four - np.eye(4)).max() < 0.08


def test_a_share_of_seeds_explores_and_each_arm_is_picked_as_often() -> None:
    for seed in range(200):  # by the same generator as everything else
        assert explores(seed, (split_mix(seed) + 2**20) / 2**64)
        assert not explores(seed, (split_mix(seed) - 2**20) / 2**64)
    exploring = [seed for seed in range(20_000) if explores(split_mix(seed), 0.25)]
    assert len(exploring) == pytest.approx(5_000, abs=250)
    assert not any(explores(split_mix(seed), 0.0) for seed in range(100))
    assert all(explores(split_mix(seed), 1.0) for seed in range(100))
    names = named([3, 77, 1 << 60, 12_345])
    picked = [first_by_lot(split_mix(seed), names) for seed in exploring]
    for arm in range(4):
        assert picked.count(arm) == pytest.approx(1_250, abs=140)


@given(seeds, keys)
def test_what_is_picked_stays_so_when_others_leave(seed: int, several: list[int]) -> None:
    picked = several[first_by_lot(seed, named(several))]
    fewer = [key for key in several if key == picked or key % 2]
    assert fewer[first_by_lot(seed, named(fewer))] == picked
