"""The counters of all arms in one process: the latest of each shard, and their totals.

Arrays, as 50,000 arms of 16 shards would be 800,000 objects. All numbers are as of one landmark,
that of the newest counter; to move it multiplies by a power of two and changes no bit but the
exponent, so that it makes no difference in which order the shards' counters came.
"""

import numpy as np

from decisions.learning.counter import Counter, checked, factor, landmark
from decisions.learning.sound import Floats, Rows


class CounterTable:
    """16 bytes for an arm and shard, and 16 more for an arm's total."""

    def __init__(self, arms: int, shards: int, half_life_ms: int) -> None:
        self.half_life_ms = half_life_ms
        self.at_ms = 0
        """The landmark."""
        self._tries, self._taken = np.zeros((shards, arms)), np.zeros((shards, arms))
        self._all_tries, self._all_taken = np.zeros(arms), np.zeros(arms)

    @property
    def nbytes(self) -> int:
        """What the arrays take."""
        totals = self._all_tries.nbytes + self._all_taken.nbytes
        return self._tries.nbytes + self._taken.nbytes + totals

    def put(self, shard: int, row: int, counter: Counter) -> None:
        """Takes the place of what was known of that arm in that shard.

        Raises ValueError for a counter that is not sound, and then nothing has changed; IndexError
        for a shard or row that is not there.
        """
        counter = checked(counter)
        newest = landmark(counter.at_ms, self.half_life_ms)
        if newest > self.at_ms and counter.tries:
            self._move(newest)
        by = factor(counter.at_ms, self.at_ms, self.half_life_ms) if counter.tries else 1.0
        self._tries[shard, row] = counter.tries * by
        self._taken[shard, row] = counter.taken * by
        # Added up anew each time: to add the difference would gather rounding errors.
        self._all_tries[row] = self._tries[:, row].sum()
        self._all_taken[row] = self._taken[:, row].sum()

    def totals(self, rows: Rows, now_ms: int) -> tuple[Floats, Floats]:
        """Tries and taken over all shards, each of shape (n,), as of `now_ms`."""
        by = factor(self.at_ms, now_ms, self.half_life_ms)
        return self._all_tries.take(rows) * by, self._all_taken.take(rows) * by

    def _move(self, to_ms: int) -> None:
        by = factor(self.at_ms, to_ms, self.half_life_ms)
        for array in (self._tries, self._taken, self._all_tries, self._all_taken):
            array *= by
        self.at_ms = to_ms
