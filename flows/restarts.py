"""When a worker that ended by itself is started again, and when that is no use any more. Pure."""

from collections import deque

FIRST_S = 0.5
MOST_S = 30.0
"""Seconds between an end and the next start: doubled each time, up to this."""
HEALTHY_S = 60.0
"""A worker that ran so long is well: what was before is forgotten."""
CRASHES = 5
WITHIN_S = 60.0
"""So many ends within this time, and it cannot stay up."""


class Restarts:
    """Of one worker. Times are seconds of any clock that never goes back."""

    def __init__(self, incurable: frozenset[int]) -> None:
        """`incurable`: exit codes after which the next start would end the same way."""
        self._incurable = incurable
        self._began_s = 0.0
        self._delay_s = FIRST_S
        self._ended_s: deque[float] = deque(maxlen=CRASHES)

    def began(self, now_s: float) -> None:
        """It was started."""
        self._began_s = now_s

    def ended(self, now_s: float, code: int) -> float | None:
        """It ended by itself: how long until it is started again; None when it is no use.

        `code`: its exit code, minus the signal's number when a signal ended it.
        """
        if now_s - self._began_s >= HEALTHY_S:
            self._ended_s.clear()
            self._delay_s = FIRST_S
        self._ended_s.append(now_s)
        many = len(self._ended_s) == CRASHES and now_s - self._ended_s[0] <= WITHIN_S
        if many or code in self._incurable:
            return None
        delay_s, self._delay_s = self._delay_s, min(self._delay_s * 2, MOST_S)
        return delay_s
