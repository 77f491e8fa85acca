"""One player in one world: choices, answers that come in batches, regret, processor time.

Needs nothing that the peers' process lacks.
"""

import time
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from benchmarks.decisions.world import Floats, World

POINTS = 100
"""At which regret is kept."""


class Player(Protocol):
    """A policy that has learned nothing yet."""

    def choose(self, number: int) -> int:
        """An arm for this decision."""

    def learn(self, numbers: range, arms: list[int], taken: list[bool]) -> None:
        """What became of these decisions."""


@dataclass(frozen=True)
class Played:
    """What came of it."""

    regret: list[float]
    """What the oracle, who knows all rates, is expected to have earned more; at `POINTS` points."""
    earned: float
    """By the oracle, expected."""
    us: float
    """Processor time of a decision, what it takes to learn from its answer included."""


def play(world: World, player: Player, batch: int) -> Played:
    """Through all rounds; what `batch` decisions led to is told when the last of them is made."""
    chosen: list[int] = []
    began = time.thread_time()
    for begin in range(0, world.rounds, batch):
        numbers = range(begin, min(begin + batch, world.rounds))
        arms = [player.choose(number) for number in numbers]
        player.learn(numbers, arms, world.taken[numbers, arms].tolist())
        chosen += arms
    spent_s = time.thread_time() - began
    return Played(*regret_of(world, np.array(chosen)), us=spent_s * 1e6 / world.rounds)


def regret_of(
    world: World, chosen: "np.ndarray[tuple[int], np.dtype[np.intp]]"
) -> tuple[list[float], float]:
    """Of these choices, and what the oracle earned. Expected values, so that luck of the answers
    does not count."""
    best = world.worth.max(axis=1)[world.part]
    lost: Floats = np.cumsum(best - world.worth[world.part, chosen])
    at = np.arange(1, POINTS + 1) * world.rounds // POINTS - 1
    return [round(float(each), 3) for each in lost[at]], float(best.sum())
