"""The counters of all arms as one shard knows them: its own, and the sum of all others'.

Arrays, as 50,000 arms of 16 shards would be 800,000 objects. All numbers are as of one landmark,
that of the newest counter; to move it multiplies by a power of two and changes no bit but the
exponent, so that it makes no difference in which order counters came, or in which process.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from decisions.learning.counter import Counter, booked, checked, factor, landmark
from decisions.learning.sound import Floats, Rows


class CounterTable:
    """24 bytes for an arm. What is not sound is refused, and changes nothing.

    The others' sums are kept in single precision (7 digits), in which they are told, too.
    """

    def __init__(self, arms: int, half_life_ms: int) -> None:
        self.half_life_ms = half_life_ms
        self.at_ms = 0
        """The landmark."""
        self._own = np.zeros((2, arms))
        self._told = np.zeros((2, arms), dtype=np.float32)
        self._tries, self._taken = self._own[0].data, self._own[1].data
        self._tries_told, self._taken_told = self._told[0].data, self._told[1].data
        """The same memory: one number of it is sooner read so."""

    @property
    def nbytes(self) -> int:
        """What the arrays take."""
        return self._own.nbytes + self._told.nbytes

    def own(self, row: int) -> Counter:
        """What this shard has counted of an arm."""
        tries, taken = self._own[:, row].tolist()
        return Counter(tries, taken, self.at_ms)

    def told(self, row: int) -> Counter:
        """What is known of all other shards."""
        tries, taken = self._told[:, row].tolist()
        return Counter(tries, taken, self.at_ms)

    def book(self, row: int, at_ms: int, *, tries: float, taken: float) -> Counter:
        """Takes in what this shard saw of an arm, and returns what it has counted by now.

        Raises ValueError as `counter.booked` does, IndexError for a row that is not there.
        """
        return self.put(
            row, booked(self.own(row), self.half_life_ms, at_ms, tries=tries, taken=taken)
        )

    def put(self, row: int, counter: Counter) -> Counter:
        """Takes the place of what this shard has counted of an arm. Raises as `book` does."""
        self._place(self._own, row, counter)
        return self.own(row)

    def tell(self, row: int, counter: Counter) -> None:
        """Takes the place of what is known of all other shards. Raises as `book` does."""
        self._place(self._told, row, counter)

    def totals(self, rows: Rows, now_ms: int) -> Floats:
        """Taken and refused over all shards, as of `now_ms`; shape (2, n). All of `rows` must be
        there: of one that is not comes anything."""
        # To look whether they are takes twice as long.
        found = self._own.take(rows, axis=1, mode="clip")
        found += self._told.take(rows, axis=1, mode="clip")
        found *= self.share(now_ms)
        np.subtract(found[0], found[1], out=found[0])
        np.maximum(found, 0.0, out=found)
        return found[::-1]

    def share(self, now_ms: int) -> float:
        """What a count of the landmark is worth as of `now_ms`."""
        return factor(self.at_ms, now_ms, self.half_life_ms)

    def total(self, row: int, share: float) -> tuple[float, float]:
        """`totals` of one arm, by the `share` of then: taken and refused."""
        tries = (self._tries[row] + self._tries_told[row]) * share
        taken = (self._taken[row] + self._taken_told[row]) * share
        return max(0.0, taken), tries - taken if tries > taken else 0.0

    def rows(self) -> Iterable[int]:
        """The arms of which this shard has counted something."""
        found: Iterable[int] = np.flatnonzero(self._own[0]).tolist()
        return found

    def _place(self, kept: NDArray[Any], row: int, counter: Counter) -> None:
        counter = checked(counter)
        newest = landmark(counter.at_ms, self.half_life_ms)
        if newest > self.at_ms and counter.tries:
            by = factor(self.at_ms, newest, self.half_life_ms)
            self._own *= by
            self._told *= np.float32(by)
            self.at_ms = newest
        by = factor(counter.at_ms, self.at_ms, self.half_life_ms) if counter.tries else 1.0
        kept[0, row] = counter.tries * by
        kept[1, row] = counter.taken * by
