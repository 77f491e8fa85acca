"""Whether the flow has looked for records without a pause, so that none that came is unread.

A process that was frozen, or waited long for a server, wakes up with the ends of its topics as they
were before: what came meanwhile is not even fetched. It must not take that for silence.
"""

from typing import Final

PAUSE_MS: Final = 1_000
"""Not to have looked for longer is a pause: records may have come that nobody has fetched."""
AWAKE_MS: Final = 2_000
"""So long after a pause what had come before is fetched."""


class Attention:
    """Belongs to the flow's thread. Times are milliseconds since the epoch."""

    def __init__(self) -> None:
        self._looked_ms = 0
        self._before_ms = 0
        """When it was looked for the last time before the last pause."""
        self._awake_ms = 0
        """When that was over."""

    def look(self, now_ms: int) -> None:
        """To be told each time that records have been asked for."""
        if now_ms - self._looked_ms > PAUSE_MS:
            self._before_ms, self._awake_ms = self._looked_ms, now_ms
        self._looked_ms = now_ms

    def read_ms(self, now_ms: int) -> int:
        """Until when all that had come is read, where a topic seems to be at its end."""
        return now_ms if now_ms - self._awake_ms > AWAKE_MS else self._before_ms
