"""Games whose end is known: what players are told and when, and what regret they are charged."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.decisions.game import POINTS, Player, play, regret_of
from benchmarks.decisions.measure import measure_decisions
from benchmarks.decisions.ours import (
    KNOWING,
    LINEAR,
    OURS,
    REFERENCES,
    THOMPSON,
    Always,
    best_in_hindsight,
)
from benchmarks.decisions.peer_process import peers_python
from benchmarks.decisions.world import (
    CONTEXT,
    FEATURES,
    LEAST,
    MOST,
    SCENARIOS,
    WORLDS,
    World,
    world,
)
from benchmarks.progress import Progress
from benchmarks.targets import OURS_IN, of_a_peer


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_world_is_made_from_its_seed_and_another_seed_makes_another(scenario: str) -> None:
    one, again, other = (world(scenario, seed, 1_000, 20) for seed in (1, 1, 2))
    assert one.digest == again.digest != other.digest
    assert one.taken.tobytes() == again.taken.tobytes()
    assert one.rates.shape == (SCENARIOS[scenario], 20)
    assert ((one.rates >= LEAST) & (one.rates <= MOST)).all()
    assert one.value.max() == 1
    held = np.bincount(one.part) * SCENARIOS[scenario] / 1_000
    assert held == pytest.approx(1.0, abs=0.0 if scenario != CONTEXT else 0.4)


def test_where_features_matter_each_holds_for_half_and_the_best_offer_hangs_on_them() -> None:
    made = world(CONTEXT, 1, 4_000, 20)
    assert made.features[made.part].mean(axis=0) == pytest.approx([0.5] * FEATURES, abs=0.03)
    assert len(set(made.worth.argmax(axis=1).tolist())) > 1


def test_who_knows_features_does_better_where_they_matter_than_who_does_not() -> None:
    made = world(CONTEXT, 1, 12_000, 10)
    blind = play(made, OURS[THOMPSON](made, 1), 100).regret[-1]
    assert play(made, KNOWING[LINEAR](made, 1), 100).regret[-1] < 0.5 * blind


def test_answers_come_as_often_as_their_rate_says() -> None:
    made = world("still", 3, 40_000, 6)
    assert made.taken.mean(axis=0) == pytest.approx(made.rates[0], abs=0.006)


def small() -> World:
    """Two arms, four rounds; the second is better in the first half, the first in the other."""
    rates = np.array([[0.1, 0.2], [0.4, 0.2]])
    value, part = np.array([1.0, 1.0]), np.array([0, 0, 1, 1])
    taken = np.array([[0, 1], [1, 0], [1, 0], [0, 0]], dtype=bool)
    return World(np.array([0.1, 0.1]), value, rates, part, taken, np.zeros((2, 0)))


def test_regret_is_what_the_oracle_is_expected_to_earn_more() -> None:
    lost, earned = regret_of(small(), np.array([0, 1, 0, 1]))
    assert earned == pytest.approx(0.2 + 0.2 + 0.4 + 0.4)
    assert lost[-1] == pytest.approx(0.1 + 0.0 + 0.0 + 0.2)
    assert len(lost) == POINTS
    assert regret_of(small(), np.array([1, 1, 0, 0]))[0][-1] == 0


def test_in_hindsight_the_arm_is_best_that_earned_most() -> None:
    assert best_in_hindsight(small()) == 0


def test_a_player_is_told_of_a_batch_when_its_last_decision_is_made() -> None:
    happened: list[object] = []

    class Watching(Player):
        def choose(self, number: int) -> int:
            happened.append(number)
            return number % 2

        def learn(self, numbers: range, arms: list[int], taken: list[bool]) -> None:
            happened.append((list(numbers), arms, taken))

    play(small(), Watching(), 3)
    assert happened == [
        *(0, 1, 2, ([0, 1, 2], [0, 1, 0], [False, False, True])),
        *(3, ([3], [1], [False])),
    ]


@pytest.mark.parametrize("name", OURS)
def test_our_players_choose_the_same_again_and_do_better_than_chance(name: str) -> None:
    made = world("still", 1, 3_000, 20)
    one, two = (play(made, OURS[name](made, 1), 100).regret for _ in range(2))
    assert one == two
    chance = play(made, REFERENCES["random"](made, 1), 100).regret
    assert one[-1] < 0.9 * chance[-1]


def test_a_player_that_knows_the_best_arm_regrets_nothing() -> None:
    made = world("still", 1, 500, 20)
    assert play(made, Always(int(made.worth[0].argmax())), 100).regret[-1] == 0


def test_what_is_judged_is_ours_and_peers_are_known_by_name() -> None:
    assert set(OURS_IN.values()) <= set(OURS | KNOWING)
    assert set(OURS_IN) == set(SCENARIOS)
    assert THOMPSON in OURS
    assert not any(of_a_peer(name) for name in OURS | KNOWING | REFERENCES)


def test_peers_play_in_the_same_worlds() -> None:
    try:
        peers_python()
    except RuntimeError as why:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(why))
    found = measure_decisions(1_000, 1, Progress(None))
    assert [learned.scenario for learned in found.learned] == list(WORLDS)
    for learned in found.learned:
        peers = [each for each in learned.learners if of_a_peer(each.name)]
        knowing = learned.scenario == CONTEXT
        assert len(peers) == (2 if knowing else 6)
        ours = len(learned.learners) - len(peers) - len(REFERENCES)
        assert ours == len(OURS) + knowing * len(KNOWING)
        assert all(0 < each.regret[-1] < learned.earned for each in peers)
    all_of_them = {each.name for learned in found.learned for each in learned.learners}
    for spent in found.spent:
        assert set(spent.us) == all_of_them - set(REFERENCES)
        assert all(us > 0 for us in spent.us.values())


def test_peers_that_cannot_be_installed_are_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(RuntimeError, match=r"MABWiser and river could not be installed: .*uv"):
        peers_python()
