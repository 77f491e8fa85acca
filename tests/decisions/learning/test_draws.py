"""A decision's id is the whole seed: who has it draws the same again."""

import random
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import Generator, Philox
from scipy import stats

from decisions.learning.draws import Dice

ids = st.binary(min_size=16, max_size=16)


@given(st.lists(ids, min_size=1, max_size=5))
def test_dice_that_are_loaded_again_are_as_new_ones(several: list[bytes]) -> None:
    dice = Dice()
    for decision_id in several:
        fresh = Generator(Philox(key=int.from_bytes(decision_id, "little")))
        loaded = dice.loaded(decision_id)
        for _ in range(2):
            assert loaded.beta([0.2, 3, 40], [9, 0.7, 800]).tolist() == (
                fresh.beta([0.2, 3, 40], [9, 0.7, 800]).tolist()
            )
        # 32 bits are kept for the next time; nothing of that may reach another decision.
        assert loaded.integers(9, dtype=np.int32) == fresh.integers(9, dtype=np.int32)


def test_the_first_draws_are_those_of_the_numpy_that_was_chosen() -> None:
    """When this fails with a new NumPy, decisions of before are not drawn again with it: say so in
    the changelog, and judge them by what was logged."""
    loaded = Dice().loaded(bytes(range(16)))
    assert loaded.bit_generator.random_raw(2).tolist() == RAW
    assert loaded.beta([0.4, 3, 40, 0.5], [19.6, 97, 960, 0.5]) == pytest.approx(BETAS, rel=1e-12)


RAW = [14317193316798735637, 17731107087576214090]
BETAS = [0.001556146423407575, 0.02292567793845653, 0.04503996979835139, 0.18073867254024858]


@pytest.mark.parametrize("size", [0, 15, 17, 32])
def test_an_id_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"decision_id: expected 16 bytes, got {size}"):
        Dice().loaded(bytes(size))


@pytest.mark.parametrize(("alpha", "beta"), [(0.2, 9.8), (0.5, 0.5), (1, 1), (3, 97), (40, 900)])
def test_a_draw_for_each_of_many_ids_has_the_distribution_it_should(
    alpha: float, beta: float
) -> None:
    """Against another sampler (Python's own) and the distribution function."""
    dice, other = Dice(), random.Random(7)
    draws = [
        float(dice.loaded(sha256(b"%d" % n).digest()[:16]).beta(alpha, beta)) for n in range(4_000)
    ]
    assert stats.kstest(draws, stats.beta(alpha, beta).cdf).pvalue > 0.001
    others = [other.betavariate(alpha, beta) for _ in range(4_000)]
    assert stats.ks_2samp(draws, others).pvalue > 0.001


def test_neighbouring_ids_do_not_draw_alike() -> None:
    dice = Dice()
    draws = [dice.loaded(n.to_bytes(16, "little")).random(2) for n in range(2_000)]
    firsts = np.array(draws)
    assert abs(np.corrcoef(firsts[:-1, 0], firsts[1:, 0])[0, 1]) < 0.08
    assert stats.kstest(firsts[:, 0], "uniform").pvalue > 0.001
