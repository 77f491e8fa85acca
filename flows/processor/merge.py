"""The topics of a shard that catches up are read as one, in the order in which they were received.

Each comes as fast as it comes, so what is read of one may be hours ahead of what is read of
another. To apply it as it is read would let an order of noon come before the cart of eleven, with
all that was due in between settled wrongly. So nothing is taken that was received after the end of
what is read of another topic that has more, as Kafka Streams does it (KIP-695, `max.task.idle.ms`).
Pure.
"""

from collections.abc import Collection, Mapping
from typing import Final

from msgspec import Struct

from flows.processor.reach import Completeness

QUIET_S: Final = 5.0
"""A topic that has more is waited for until nothing has come of any for so long."""
LONGEST_S: Final = 30.0
"""It is waited for so long at most: its partition's leader may be away alone."""


class Bound(Struct, frozen=True):
    """What may be taken of what is read."""

    up_to_ms: int | None
    """Nothing that was received later may be; None: all may be."""
    merged_ms: int
    """All that was received up to then is read; 0: not known."""
    waits: bool
    """Whether nothing is read of a topic that has more."""


NOTHING_READ: Final = Bound(None, 0, waits=False)


def bound(newest_ms: Mapping[str, int], read: Completeness, growing: Collection[str]) -> Bound:
    """`newest_ms`: topic → when the newest of what is read of it and not taken was received.
    `read`: how much of the topics is read. `growing`: those that have more, or may have."""
    unread = {*read.behind, *growing} - newest_ms.keys()
    return Bound(
        min([at_ms for topic, at_ms in newest_ms.items() if topic in growing], default=None),
        0 if unread else min([read.complete_ms, *newest_ms.values()]),
        any(topic in growing for topic in unread),
    )


class Patience:
    """How long a shard has waited. Times are seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._since_s: float | None = None
        self._quiet_since_s = 0.0
        self.waits = False
        """Whether it waited when it was asked last."""

    def lasts(self, waits: bool, quiet: bool, now_s: float) -> bool:
        """Whether to wait on. `quiet`: nothing has come of any topic."""
        if not waits:
            self._since_s = None
        elif self._since_s is None:
            self._since_s = self._quiet_since_s = now_s
        elif not quiet:
            self._quiet_since_s = now_s
        self.waits = (
            self._since_s is not None
            and now_s - self._quiet_since_s < QUIET_S
            and now_s - self._since_s < LONGEST_S
        )
        return self.waits
