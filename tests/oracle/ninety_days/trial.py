"""One customer lives twice: driven through the product, and recomputed by the naive oracle."""

from typing import NamedTuple

from decisions.load import load_playbook
from tests.oracle.deeds import read_deed
from tests.oracle.ninety_days.crowd import OVER, SHARDS, Came, Steps, life, name_of
from tests.oracle.ninety_days.driven import Driven
from tests.oracle.ninety_days.naive import Act, Naive
from tests.oracle.ninety_days.rules import NINETY


class Outcome(NamedTuple):
    """What came of one customer."""

    events: int
    acts: list[Act]
    """By the oracle."""
    surplus: list[Act]
    """Only the product did."""
    missing: list[Act]
    """Only the oracle did."""

    @property
    def difference(self) -> str:
        """The first of it."""
        return f"only the product: {self.surplus[:3]}, only the oracle: {self.missing[:3]}"


class Trial:
    """All customers of one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._playbook = load_playbook(NINETY)
        self._steps = [Steps(seed, shard) for shard in range(SHARDS)]

    def judge(self, number: int) -> Outcome:
        """One of them."""
        name, steps = name_of(number), self._steps[number % SHARDS]
        came = life(self._seed, number)
        found = sorted(Driven(name, steps, self._playbook).live(came))
        expected = sorted(self._recompute(name, came, steps))
        surplus, missing = [*found], []
        for act in expected:  # one for one: nothing may be done twice
            if act in surplus:
                surplus.remove(act)
            else:
                missing.append(act)
        return Outcome(len(came), expected, surplus, missing)

    def _recompute(self, name: str, came: list[Came], steps: Steps) -> list[Act]:
        naive, seen = Naive(name), set()
        for channel, value, received_ms in came:
            deed = read_deed(value, channel, self._playbook.traits)
            if deed.message_id not in seen:
                seen.add(deed.message_id)
                naive.take(deed, received_ms, steps.at(received_ms))
        naive.rest(OVER)
        return [*naive.acts, *naive.offers()]
