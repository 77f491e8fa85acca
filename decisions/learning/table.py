"""The counters of all arms in one process: the latest of each shard, and their totals.

Arrays, as 50,000 arms of 16 shards would be 800,000 objects. All numbers are as of one landmark,
that of the newest counter; to move it multiplies by a power of two and changes no bit but the
exponent, so that it makes no difference in which order the shards' counters came.
"""

import numpy as np

from decisions.learning.counter import Counter, checked, factor, landmark
from decisions.learning.sound import Floats, Rows


class CounterTable:
    """16 bytes for an arm and shard, and 16 more for an arm's total.

    What is kept is what was taken and what was refused, the tries less that.
    """

    def __init__(self, arms: int, shards: int, half_life_ms: int) -> None:
        self.half_life_ms = half_life_ms
        self.at_ms = 0
        """The landmark."""
        self._seen = np.zeros((2, shards, arms))
        self._totals = np.zeros((2, arms))

    @property
    def nbytes(self) -> int:
        """What the arrays take."""
        return self._seen.nbytes + self._totals.nbytes

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
        seen = self._seen[:, :, row]
        seen[0, shard] = counter.taken * by
        seen[1, shard] = (counter.tries - counter.taken) * by
        # Added up anew each time: to add the difference would gather rounding errors.
        self._totals[:, row] = np.add.reduce(seen, axis=1)

    def totals(self, rows: Rows, now_ms: int) -> Floats:
        """Taken and refused over all shards, as of `now_ms`; shape (2, n)."""
        return self._totals.take(rows, axis=1) * factor(self.at_ms, now_ms, self.half_life_ms)

    def _move(self, to_ms: int) -> None:
        by = factor(self.at_ms, to_ms, self.half_life_ms)
        self._seen *= by
        self._totals *= by
        self.at_ms = to_ms
