"""Our policies as players, all the way from counter to draw; and what they are measured by."""

from collections.abc import Callable
from hashlib import blake2b

import numpy as np

from benchmarks.decisions.game import Player
from benchmarks.decisions.world import World
from decisions.learning.beliefs import beliefs, starts
from decisions.learning.chances import first_of
from decisions.learning.counter import FOREVER_MS
from decisions.learning.draws import explores, first_by_lot, lots
from decisions.learning.policies.kinds import Greedy, Linear, Policy, Thompson, UpperBound
from decisions.learning.policies.linear import believed, normals
from decisions.learning.policies.propose import propose
from decisions.learning.table import CounterTable

SECOND_MS = 1_000
"""From one decision to the next."""
BEGIN_MS = 1_800_000_000_000
EVIDENCE = 20.0
"""What the start of a group counts for, in tries."""
HALF_LIFE_MS = 5_000 * SECOND_MS
"""Of those that fade: 5,000 decisions."""


class Ours(Player):
    """One of our policies; every arm is of one shard."""

    def __init__(
        self,
        world: World,
        seed: int,
        policy: Policy,
        half_life_ms: int,
        *,
        grouped: bool = True,
        explored: float = 0.0,
    ) -> None:
        self._policy, self._seed, self._explored = policy, seed.to_bytes(8), explored
        start, evidence = (world.start, EVIDENCE) if grouped else (np.full(world.arms, 0.5), 2.0)
        self._start, self._value = starts(start, np.full(world.arms, evidence)), world.value
        self._rows = np.arange(world.arms)
        self._keys = np.array([_hashed(b"arm", n) for n in range(world.arms)], dtype=np.uint64)
        self._table = CounterTable(world.arms, half_life_ms)

    def choose(self, number: int) -> int:
        """As a flow would for a customer whose seed is made of the game's and the number."""
        found = beliefs(self._start, self._table.totals(self._rows, _at_ms(number)))
        seed = _hashed(self._seed, number)
        propensity = propose(self._policy, found, seed, self._keys)
        first = first_by_lot(seed, self._keys) if explores(seed, self._explored) else None
        return first_of(propensity * self._value, first)

    def learn(self, numbers: range, arms: list[int], taken: list[bool]) -> None:
        """Books each."""
        for number, arm, was_taken in zip(numbers, arms, taken, strict=True):
            self._table.book(arm, _at_ms(number), tries=1.0, taken=float(was_taken))


class Knowing(Player):
    """One of ours that knows the features of who is there: counters of each kind of customer."""

    def __init__(self, world: World, seed: int, policy: Thompson | Linear) -> None:
        self._policy, self._seed, self._part = policy, seed.to_bytes(8), world.part.tolist()
        self._parts, self._value = len(world.features), world.value
        self._start = starts(world.start, np.full(world.arms, EVIDENCE))
        self._rows = np.arange(self._parts)[:, None] + np.arange(world.arms) * self._parts
        self._keys = np.array([_hashed(b"arm", n) for n in range(world.arms)], dtype=np.uint64)
        self._table = CounterTable(world.arms * self._parts, FOREVER_MS)

    def choose(self, number: int) -> int:
        """By what was seen of their kind alone, or by what all kinds say of each feature."""
        here, now_ms, drawn = self._part[number], _at_ms(number), _hashed(self._seed, number)
        if isinstance(self._policy, Linear):
            seen = self._table.totals(self._rows.ravel(), now_ms).reshape(2, *self._rows.shape)
            propensity = normals(believed(self._start, seen, here), lots(drawn, self._keys))
        else:
            found = beliefs(self._start, self._table.totals(self._rows[here], now_ms))
            propensity = propose(self._policy, found, drawn, self._keys)
        return first_of(propensity * self._value, None)

    def learn(self, numbers: range, arms: list[int], taken: list[bool]) -> None:
        """Books each."""
        for number, arm, was_taken in zip(numbers, arms, taken, strict=True):
            row = int(self._rows[self._part[number], arm])
            self._table.book(row, _at_ms(number), tries=1.0, taken=float(was_taken))


class Always(Player):
    """The same arm for everybody."""

    def __init__(self, arm: int) -> None:
        self._arm = arm

    def choose(self, number: int) -> int:
        """That arm."""
        return self._arm

    def learn(self, numbers: range, arms: list[int], taken: list[bool]) -> None:
        """Nothing."""


class Random(Player):
    """Any arm."""

    def __init__(self, world: World, seed: int) -> None:
        self._chosen = np.random.default_rng([seed, 1]).integers(world.arms, size=world.rounds)

    def choose(self, number: int) -> int:
        """Drawn beforehand."""
        return int(self._chosen[number])

    def learn(self, numbers: range, arms: list[int], taken: list[bool]) -> None:
        """Nothing."""


def _at_ms(number: int) -> int:
    return BEGIN_MS + number * SECOND_MS


def _hashed(salt: bytes, number: int) -> int:
    return int.from_bytes(blake2b(salt + number.to_bytes(8), digest_size=8).digest())


def best_in_hindsight(world: World) -> int:
    """The arm that would have earned most, had it been shown to all."""
    return int((world.taken.sum(axis=0) * world.value).argmax())


Maker = Callable[[World, int], Player]
THOMPSON, FADING, UNIFORM = "Thompson", "Thompson, fading", "Thompson, uniform start"
OURS: dict[str, Maker] = {
    THOMPSON: lambda world, seed: Ours(world, seed, Thompson(), FOREVER_MS),
    FADING: lambda world, seed: Ours(world, seed, Thompson(), HALF_LIFE_MS),
    UNIFORM: lambda world, seed: Ours(world, seed, Thompson(), FOREVER_MS, grouped=False),
    "ε-greedy 5 %": lambda world, seed: Ours(world, seed, Greedy(), FOREVER_MS, explored=0.05),
    "KL-UCB⁺": lambda world, seed: Ours(world, seed, UpperBound(), FOREVER_MS),
    "greedy": lambda world, seed: Ours(world, seed, Greedy(), FOREVER_MS),
}
"""Name → a new player. Each starts where the arm's group does, unless its name says otherwise."""
LINEAR = "linear Thompson"
KNOWING: dict[str, Maker] = {
    LINEAR: lambda world, seed: Knowing(world, seed, Linear()),
    "Thompson, by kind": lambda world, seed: Knowing(world, seed, Thompson()),
}
"""Those that know features, where there are any."""
REFERENCES: dict[str, Maker] = {
    "random": Random,
    "best in hindsight": lambda world, _: Always(best_in_hindsight(world)),
}
