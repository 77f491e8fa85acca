"""What all shards have counted, summed up for each of them without its own."""

from collections.abc import Iterable, Mapping

import numpy as np

from decisions.learning.counter import Counter, checked, factor, landmark
from decisions.learning.sound import Floats, Rows


class Totals:
    """16 bytes for an arm and shard. Equal counters give equal sums, in whatever order they came.

    Sums are in single precision, as a `CounterTable` keeps what it is told.
    """

    def __init__(
        self, arms: int, shards: int, half_life_ms: int, pooled: Mapping[int, int]
    ) -> None:
        """`pooled`: arm → the row that all arms of its group are summed up in, over all shards."""
        self.half_life_ms = half_life_ms
        self.at_ms = 0
        """The landmark of all sums."""
        self._seen = np.zeros((shards, 2, arms))
        self._pooled = pooled
        members: dict[int, list[int]] = {}
        for row, pool in pooled.items():
            members.setdefault(pool, []).append(row)
        self._members = {pool: np.array(rows) for pool, rows in members.items()}
        self._changed: set[int] = set()

    def put(self, shard: int, row: int, counter: Counter) -> None:
        """Takes the place of what was known of an arm in a shard. Raises ValueError for a counter
        that is not sound, IndexError for a shard or arm that is not there."""
        counter = checked(counter)
        newest = landmark(counter.at_ms, self.half_life_ms)
        if newest > self.at_ms and counter.tries:
            self._seen *= factor(self.at_ms, newest, self.half_life_ms)
            self.at_ms = newest
        by = factor(counter.at_ms, self.at_ms, self.half_life_ms) if counter.tries else 1.0
        self._seen[shard, :, row] = counter.tries * by, counter.taken * by
        self._changed.add(row)

    def changed(self) -> list[int]:
        """The arms that were put since this was last asked, in order."""
        found, self._changed = sorted(self._changed), set()
        return found

    def known(self) -> list[int]:
        """All arms of which something was counted."""
        found: list[int] = np.flatnonzero(self._seen[:, 0].any(axis=0)).tolist()
        return found

    def others(self, shard: int, rows: Iterable[int]) -> list[tuple[int, Counter]]:
        """(arm, what all shards but this one counted of it), then the pools of these arms, in which
        no shard is left out."""
        asked = list(rows)
        pools = sorted({self._pooled[row] for row in asked if row in self._pooled})
        own = np.arange(len(self._seen)) == shard
        found = self._summed(self._seen[~own], np.array(asked, dtype=np.intp))
        pooled = [self._seen[:, :, self._members[pool]].sum(axis=(0, 2)) for pool in pools]
        if pooled:
            found = np.concatenate([found, np.array(pooled).T], axis=1)
        tries, taken = np.minimum(found, found[0]).astype(np.float32).tolist()
        return [
            (row, Counter(tried, took, self.at_ms))
            for row, tried, took in zip((*asked, *pools), tries, taken, strict=True)
        ]

    def _summed(self, seen: Floats, rows: Rows) -> Floats:
        found: Floats = np.add.reduce(seen[:, :, rows], axis=0)
        return found
