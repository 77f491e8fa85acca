"""MABWiser's and river's policies as players.

Runs in an environment of its own, which has these two and NumPy: JSON in, JSON out, see
`peer_process`.

Each gets what its own documentation asks for, and the value of each arm: Thompson sampling draws
accept rates, which are multiplied by it; the others are told what an answer was worth.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
from mabwiser.mab import MAB, LearningPolicy
from river import bandit, proba, stats

from benchmarks.decisions.game import Player, play
from benchmarks.decisions.world import CONTEXT, World, world

WIDTH = 0.05
"""Of upper bounds, times what UCB1 has: with 1 they do hardly better than chance in here."""

SPREAD = 0.25
"""Alpha of linear ones: the standard deviation of answers at a rate of 7 %. With its 1 they explore
sixteen times as long."""


class Mabwiser(Player):
    """One of `mabwiser.mab.LearningPolicy`."""

    def __init__(self, of: World, seed: int, policy: Any, *, draws_rates: bool) -> None:
        self._value = of.value.tolist()
        self._mab, self._draws_rates = MAB(list(range(of.arms)), policy, seed=seed), draws_rates
        # It wants something to learn from before it chooses: one try of each arm.
        self.learn(range(0), list(range(of.arms)), of.taken[0].tolist())

    def choose(self, number: int) -> int:
        """Its own choice; with rates drawn, that of the highest value."""
        if not self._draws_rates:
            return int(self._mab.predict())
        rates = self._mab.predict_expectations()
        return int(max(rates, key=lambda arm: rates[arm] * self._value[arm]))

    def learn(self, numbers: range, arms: list[int], taken: list[bool]) -> None:
        """`partial_fit`, once for a batch."""
        rewards = [
            float(was_taken) * (1.0 if self._draws_rates else self._value[arm])
            for arm, was_taken in zip(arms, taken, strict=True)
        ]
        self._mab.partial_fit(np.array(arms), np.array(rewards))


class River(Player):
    """One of `river.bandit`."""

    def __init__(self, of: World, policy: Any, *, draws_rates: bool) -> None:
        self._value = of.value.tolist()
        self._policy, self._draws_rates = policy, draws_rates
        self._arms = list(range(of.arms))

    def choose(self, number: int) -> int:
        """As its `pull`."""
        return int(self._policy.pull(self._arms))

    def learn(self, numbers: range, arms: list[int], taken: list[bool]) -> None:
        """As its `update`, answer by answer."""
        for arm, was_taken in zip(arms, taken, strict=True):
            if self._draws_rates:
                self._policy.update(arm, was_taken)
            else:
                self._policy.update(arm, float(was_taken) * self._value[arm])


class Knowing(Player):
    """One of MABWiser's that know features; 1 is before them, for the constant."""

    def __init__(self, of: World, seed: int, policy: Any) -> None:
        self._value, self._part = of.value.tolist(), of.part
        self._context = np.hstack([np.ones((len(of.features), 1)), of.features])
        self._mab = MAB(list(range(of.arms)), policy, seed=seed)
        here = self._context[[0] * of.arms]
        self._mab.fit(np.arange(of.arms), of.taken[0].astype(float), here)

    def choose(self, number: int) -> int:
        """That of the highest value by the rates that it expects."""
        here = self._context[[self._part[number]]]
        rates = self._mab.predict_expectations(here)
        return int(max(rates, key=lambda arm: rates[arm] * self._value[arm]))

    def learn(self, numbers: range, arms: list[int], taken: list[bool]) -> None:
        """`partial_fit`, once for a batch."""
        there = self._context[self._part[numbers.start : numbers.stop]]
        self._mab.partial_fit(np.array(arms), np.array(taken, dtype=float), there)


class ValuedThompson(bandit.ThompsonSampling):  # type: ignore[misc] # river is not installed here
    """river's, with the value of an arm in its own hook."""

    value: list[float]

    def _pull(self, arm_ids: list[int]) -> int:
        return max(arm_ids, key=lambda arm: self._rewards[arm].sample() * self.value[arm])


def _players(scenario: str) -> dict[str, Callable[[World, int], Player]]:
    if scenario == CONTEXT:
        return {
            "MABWiser LinTS": lambda of, seed: Knowing(of, seed, LearningPolicy.LinTS(SPREAD)),
            "MABWiser LinUCB": lambda of, seed: Knowing(of, seed, LearningPolicy.LinUCB(SPREAD)),
        }

    def thompson(of: World, seed: int) -> Player:
        policy = ValuedThompson(reward_obj=proba.Beta(1, 1), seed=seed)
        policy.value = of.value.tolist()
        return River(of, policy, draws_rates=True)

    return {
        "MABWiser Thompson": lambda of, seed: Mabwiser(
            of, seed, LearningPolicy.ThompsonSampling(), draws_rates=True
        ),
        "MABWiser ε-greedy 5 %": lambda of, seed: Mabwiser(
            of, seed, LearningPolicy.EpsilonGreedy(0.05), draws_rates=False
        ),
        "MABWiser UCB1": lambda of, seed: Mabwiser(
            of, seed, LearningPolicy.UCB1(WIDTH), draws_rates=False
        ),
        "river Thompson": thompson,
        "river ε-greedy 5 %": lambda of, seed: River(
            of, bandit.EpsilonGreedy(0.05, reward_obj=stats.Mean(), seed=seed), draws_rates=False
        ),
        "river UCB": lambda of, seed: River(
            of, bandit.UCB(delta=WIDTH, seed=seed), draws_rates=False
        ),
    }


def main() -> None:
    """One request on stdin, then a line of JSON for each game, as it ends."""
    asked = json.load(sys.stdin)
    for scenario, seed, arms in asked["games"]:
        made = world(scenario, seed, asked["rounds"], arms)
        for name, player in _players(scenario).items():
            played = asdict(play(made, player(made, seed), asked["batch"]))
            said = {"game": [scenario, seed, arms], "name": name, "world": made.digest}
            print(json.dumps(said | played), flush=True)


if __name__ == "__main__":
    main()
