"""Worlds whose truth is known: what every customer would answer to every offer, drawn beforehand.

Nothing here needs more than NumPy, as the peers' process, which has little else, makes the same
worlds from the same seeds.
"""

from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GROUPS = (0.02, 0.05, 0.10)
"""Mean accept rate of each group of offers, which is known beforehand: where its offers start."""
SPREAD = 30.0
"""How alike a group's offers are: their rates are Beta(mean · SPREAD, (1 - mean) · SPREAD)."""
LEAST, MOST = 0.01, 0.15
"""Between which rates lie."""
FEATURES = 3
"""Of a customer, where they matter: each holds for half of them, whatever the others do."""
LIFT = 0.6
"""By how much a feature moves a rate: times the exponential of as many standard normals."""
CONTEXT = "context"
SCENARIOS = {"still": 1, "drift": 4, CONTEXT: 1 << FEATURES}
"""Rates that hold: one for all, others in each quarter, others for each kind of customer."""
WORLDS = tuple(SCENARIOS)


@dataclass(frozen=True)
class World:
    """One run. What it is worth when an arm is taken goes up to 1."""

    start: Floats
    """Shape (arms,): of each arm's group."""
    value: Floats
    """Shape (arms,)."""
    rates: Floats
    """Shape (parts, arms): how likely each arm is taken."""
    part: NDArray[np.intp]
    """Shape (rounds,): the row of `rates` that holds; by features its bits say which do."""
    taken: NDArray[np.bool_]
    """Shape (rounds, arms): the answers."""
    features: Floats
    """Shape (parts, k): what a policy may know of the customer, 0 or 1 each."""

    @property
    def rounds(self) -> int:
        """Decisions."""
        return len(self.part)

    @property
    def arms(self) -> int:
        """Offers to choose from."""
        return len(self.value)

    @property
    def worth(self) -> Floats:
        """Shape (parts, arms): expected value of each choice."""
        return self.rates * self.value

    @property
    def digest(self) -> str:
        """Equal for equal worlds, and as good as only for these."""
        bits = np.packbits(self.taken).tobytes() + self.value.tobytes() + self.rates.tobytes()
        return sha256(bits).hexdigest()[:16]


def world(scenario: str, seed: int, rounds: int, arms: int) -> World:
    """Made from these four alone."""
    parts = SCENARIOS[scenario]
    dice = np.random.default_rng([seed, parts, rounds, arms])
    start = np.array(GROUPS)[np.arange(arms) * len(GROUPS) // arms]
    # An offer that is seldom taken is worth more, so that no group is the best by itself.
    value = dice.lognormal(0.0, 0.3, arms) / start
    if scenario == CONTEXT:
        features = (np.arange(parts)[:, None] >> np.arange(FEATURES) & 1).astype(np.float64)
        rates = dice.beta(start * SPREAD, (1 - start) * SPREAD, arms)
        # Factors, and no policy in here has a model of such: each has to do with what it has.
        rates = rates * np.exp(features @ dice.normal(0.0, LIFT, (FEATURES, arms)))
        part = dice.integers(parts, size=rounds)
    else:
        features = np.zeros((parts, 0))
        rates = dice.beta(start * SPREAD, (1 - start) * SPREAD, (parts, arms))
        part = np.arange(rounds) * parts // rounds
    rates = rates.clip(LEAST, MOST)
    taken = dice.random((rounds, arms)) < rates[part]
    return World(start, value / value.max(), rates, part, taken, features)
