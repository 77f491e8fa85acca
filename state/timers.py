"""The customers of a shard of whom time alone may change something, soonest first.

All of them stand in Redis. In memory are those that are due up to a horizon, so that a million that
wait for weeks cost nothing here; further ones are read when the clock comes near.
"""

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from typing import Final

EVER: Final = 1 << 62
"""Later than every instant."""

Timer = tuple[int, str]
"""(due in ms since the epoch, customer id)."""


class TimerIndex:
    """A customer has one timer at most. Not thread-safe."""

    def __init__(self, most: int = 10_000, few: int = 64) -> None:
        """`most`: how many are read at once; twice as many are kept at most. `few`: so many due
        ones are taken from the top of the heap; for more it is sorted."""
        self.most = most
        self._few = few
        self.horizon: Timer = (-1, "")
        """All up to here, in the order of timers, are known; none before the first are read."""
        self._due: dict[str, int] = {}
        self._heap: list[Timer] = []
        """With entries that are no longer so, which `_due` tells."""
        self._in_order = True
        """Whether the heap is a sorted list: to go along that is cheaper than to take it apart."""
        self._room = 2 * most
        """So long the heap may become until it is cleared."""

    def __len__(self) -> int:
        return len(self._due)

    def set(self, customer: str, due_ms: int) -> None:
        """`customer` is due at `due_ms` and at no other time; 0 = never."""
        if due_ms and (due_ms, customer) <= self.horizon:
            if self._due.get(customer) != due_ms:
                self._due[customer] = due_ms
                self._push((due_ms, customer))
                self._keep_small()
        else:
            self._due.pop(customer, None)

    def first(self) -> int:
        """When the next one is due, as far as is known; EVER when there is none."""
        self._drop_stale()
        return self._heap[0][0] if self._heap else EVER

    def due(self, until_ms: int, most: int) -> list[Timer]:
        """The first `most` that are due up to `until_ms`, in their order; they stay.

        Right as far as `knows(until_ms, most)`.
        """
        found: list[Timer] = []
        if not self._in_order:
            while len(found) < min(most, self._few) and self.first() <= until_ms:
                found.append(heappop(self._heap))
                # Set to the same time twice, it stands here twice.
                while self._heap and self._heap[0] == found[-1]:
                    heappop(self._heap)
            for timer in found:
                heappush(self._heap, timer)
            if len(found) < self._few:
                return found
            self._heap.sort()
            self._in_order = True
        self._drop_stale()
        found, due = [], self._due
        for timer in self._heap:
            if len(found) >= most or timer[0] > until_ms:
                break
            if due.get(timer[1]) == timer[0] and not (found and timer == found[-1]):
                found.append(timer)
        return found

    def knows(self, until_ms: int, most: int) -> bool:
        """Whether `due` of the same arguments leaves nobody out."""
        # All that are known are due up to the horizon.
        return self.horizon[0] > until_ms or len(self._due) >= most

    def extend(self, stored: Sequence[Timer], most: int, ahead: Mapping[str, int]) -> None:
        """Take the first `most` timers that are `stored`, less if there are no more.

        `ahead`: customer → due, of those that are set and not stored yet.
        """
        horizon = (EVER, "") if len(stored) < most else stored[-1]
        if horizon <= self.horizon:
            return
        self.horizon = horizon
        self._heap = list(stored)  # sorted, so a heap
        self._in_order = True
        self._due = {customer: due for due, customer in self._heap}
        for customer, due in ahead.items():
            self._due.pop(customer, None)
            if due and (due, customer) <= horizon:
                self._due[customer] = due
                self._push((due, customer))
        self._room = max(2 * self.most, 2 * len(self._heap))

    def _push(self, timer: Timer) -> None:
        heappush(self._heap, timer)
        self._in_order = False

    def _drop_stale(self) -> None:
        heap, due = self._heap, self._due
        if self._in_order:
            stale = 0
            while stale < len(heap) and due.get(heap[stale][1]) != heap[stale][0]:
                stale += 1
            del heap[:stale]
        else:
            while heap and due.get(heap[0][1]) != heap[0][0]:
                heappop(heap)

    def _keep_small(self) -> None:
        """Forget the latest when there are too many, and what is no longer so."""
        if len(self._heap) <= self._room:
            return
        timers = sorted((due, customer) for customer, due in self._due.items())
        if len(timers) > self.most:
            timers = timers[: self.most]
            self.horizon = timers[-1]
            self._due = {customer: due for due, customer in timers}
        self._heap = timers
        self._in_order = True
        self._room = 2 * self.most
