"""Whether the flow has looked for records without a pause, so that none that came is unread.

A process that was frozen, or waited long for a server, wakes up with the ends of its topics as they
were before: what came meanwhile is not even fetched. One that has more to do than it can wakes up
to each record some seconds after it was fetched: all partitions share one queue, so behind a
backlog of one shard lie the new events of the others, whose topics seem to be at their ends.
Neither must take that for silence.
"""

from collections import deque
from typing import Final

from connectors.kafka.shard_consumer import QUEUED_KB

PAUSE_MS: Final = 1_000
"""Not to have looked for longer is a pause: records may have come that nobody has fetched."""
AWAKE_MS: Final = 2_000
"""So long after a pause what had come before is fetched."""
PASSED_BYTES: Final = 2 * 1024 * QUEUED_KB
"""Once so much is read, all that had come before it is: what was in the queue, and what was waiting
for room in it."""
MARK_EVERY_MS: Final = 100


class Attention:
    """Belongs to the flow's thread. Times are milliseconds since the epoch."""

    def __init__(self) -> None:
        self._looked_ms = 0
        self._before_ms = 0
        """When it was looked for the last time before the last pause."""
        self._awake_ms = 0
        """When that was over."""
        self._marks: deque[tuple[int, int]] = deque()
        """(when, bytes read until then), since the queue was empty."""
        self._passed_ms = 0
        """Until when all that had come is read, by the bytes that were read since."""

    def look(self, now_ms: int, emptied: bool = True, read_bytes: int = 0) -> None:
        """To be told each time that records have been asked for: whether none is left that was
        fetched, and how many bytes were read in all."""
        marks = self._marks
        if emptied:
            marks.clear()
            if now_ms - self._looked_ms > PAUSE_MS:
                self._before_ms, self._awake_ms = self._looked_ms, now_ms
            self._looked_ms = now_ms
            return
        if not marks or now_ms - marks[-1][0] >= MARK_EVERY_MS:
            marks.append((now_ms, read_bytes))
        while read_bytes - marks[0][1] >= PASSED_BYTES:
            self._passed_ms = marks.popleft()[0]

    def read_ms(self, now_ms: int) -> int:
        """Until when all that had come is read, where a topic seems to be at its end."""
        if now_ms - self._looked_ms > PAUSE_MS:
            return max(self._looked_ms, self._passed_ms)
        if now_ms - self._awake_ms > AWAKE_MS:
            return now_ms
        return max(self._before_ms, self._passed_ms)
