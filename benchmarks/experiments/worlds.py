"""Worlds of experiments, with an effect and without."""

from math import exp
from typing import NamedTuple

LOG_SPREAD = 1.0
"""Of what customers pay: log-normal, as orders are; half of them pay less than TYPICAL."""
TYPICAL = 50.0
AVERAGE = TYPICAL * exp(LOG_SPREAD**2 / 2)


class World(NamedTuple):
    """One experiment; its first arm is the reference."""

    name: str
    arms: tuple[tuple[str, int], ...]
    """(arm, percent)."""
    rates: tuple[float, ...]
    """How many of an arm's customers succeed in the end."""
    customers: int
    looks: int = 100
    """As many equal groups of customers come one after the other; each is followed by a look."""
    delay: int = 40
    """A success comes 0 to `delay - 1` looks after its customer, each as likely."""
    paid: bool = False
    """Judged by what customers pay, not by how many do."""

    def without_effect(self) -> "World":
        """The same, all arms as the reference."""
        return self._replace(rates=(self.rates[0],) * len(self.rates))

    def truth(self, arm: int, look: int) -> float:
        """What the difference to the reference is expected to be at a look (from 0)."""
        ripe = sum(min(look - come + 1, self.delay) for come in range(look + 1)) / self.delay
        worth = AVERAGE if self.paid else 1.0
        return (self.rates[arm] - self.rates[0]) * worth * ripe / (look + 1)


HALVES = (("plain", 50), ("warm", 50))
WORLDS = (
    World("two halves", HALVES, (0.05, 0.07), 10_000),
    World("rare success", HALVES, (0.01, 0.015), 10_000),
    World("a control of 5 %", (("control", 5), ("treated", 95)), (0.05, 0.07), 10_000),
    World(
        "four arms", (("a", 25), ("b", 25), ("c", 25), ("d", 25)), (0.05, 0.05, 0.06, 0.08), 10_000
    ),
    World("revenue", HALVES, (0.05, 0.07), 10_000, paid=True),
    World("nobody waits", HALVES, (0.05, 0.07), 10_000, delay=1),
)
