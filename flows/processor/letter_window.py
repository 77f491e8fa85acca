"""How many of the last events are dead letters, and whether that is too many. Pure.

The arithmetic, exactly. It counts by whole flushes of one process, since a flush is done or not.
*The last N events* are those of the newest flush and of as many flushes before it as it takes to
have N or more; while all flushes together have fewer, nothing is too many. Dead letters are too
many when they are *more than* X percent of these events: 100 x letters > X x events. So exactly X
percent are not, and with X = 100 nothing ever is.
"""

from collections import Counter, deque
from itertools import chain

from msgspec import Struct, field


class Counted(Struct, frozen=True):
    """Events that came one after the other, and what became of them."""

    events: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    """Reason → dead letters."""
    newest: str = ""
    """Where the last dead letter among them came from: topic[partition]@offset."""

    @property
    def letters(self) -> int:
        """Dead letters, whatever the reason."""
        return self.reasons.total()


class LetterWindow:
    """The last events: as many flushes as it needs, which are `window` at most."""

    def __init__(self, percent: int, window: int) -> None:
        """X and N."""
        self._percent = percent
        self._window = window
        self._flushes: deque[Counted] = deque()
        # Kept beside them: small flushes are many, and to add them up at each costs a millisecond.
        self._events = 0
        self._letters = 0

    @property
    def share(self) -> float:
        """Dead letters among the last events, 0 to 1; among all, while those are fewer than N."""
        return self._letters / self._events if self._events else 0.0

    def add(self, flush: Counted) -> None:
        """`flush`, of one event or more, is committed."""
        self._flushes.append(flush)
        self._events += flush.events
        self._letters += flush.letters
        while self._events - self._flushes[0].events >= self._window:
            oldest = self._flushes.popleft()
            self._events -= oldest.events
            self._letters -= oldest.letters

    def too_many(self, *upcoming: Counted) -> Counted | None:
        """The last events once `upcoming` are committed, if too many of them are dead letters."""
        events = self._events + sum(flush.events for flush in upcoming)
        letters = self._letters + sum(flush.letters for flush in upcoming)
        left_out = 0
        for flush in chain(self._flushes, upcoming):
            if events - flush.events < self._window:
                break
            events, letters, left_out = events - flush.events, letters - flush.letters, left_out + 1
        if events < self._window or 100 * letters <= self._percent * events:
            return None
        return _together([*self._flushes, *upcoming][left_out:])


def _together(flushes: list[Counted]) -> Counted:
    reasons: Counter[str] = Counter()
    for flush in flushes:
        reasons.update(flush.reasons)
    newest = next((flush.newest for flush in reversed(flushes) if flush.newest), "")
    return Counted(sum(flush.events for flush in flushes), reasons, newest)
