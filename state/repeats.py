"""Repeats: when the same message id of the same customer is one event that came twice.

It is while the id is among the customer's last ones and was received no longer ago than the window
says. The profile remembers, oldest first, 12 bytes of each: the fingerprint, and the second since
the epoch in which it was received (unsigned, big-endian). Whole seconds: four bytes of them reach
into the year 2106, while milliseconds would need six.
"""

import struct
from dataclasses import dataclass, field
from typing import Final

from state.bounds import FINGERPRINTS_KEPT

_ENTRY: Final = struct.Struct(">8sI")
ENTRY_BYTES: Final = _ENTRY.size
entry: Final = _ENTRY.pack
"""(fingerprint, second) → what is remembered of an event."""
LAST_RECEIVED_MS: Final = (1 << 32) * 1_000 - 1
"""The last time of receipt that can be remembered, in the year 2106."""


@dataclass(frozen=True, slots=True)
class Window:
    """How long a message id is remembered: among so many of a customer, and for so long."""

    ids: int = FINGERPRINTS_KEPT
    """The last ones accepted of the customer; 1 or more."""
    within_ms: int = 24 * 60 * 60 * 1000
    """Since it was received, that is by the timestamps of the log's records; in whole seconds."""
    size: int = field(init=False)
    """Bytes of so many entries."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", self.ids * ENTRY_BYTES)


def is_repeat(recent: bytes, fingerprint: bytes, received_ms: int, window: Window) -> bool:
    """Whether what was received at `received_ms` is one of `recent`, as far as `window` reaches.

    An entry that was received later counts, too: the topics of one customer have several clocks.
    """
    oldest = received_ms // 1_000 - window.within_ms // 1_000
    found = recent.find(fingerprint, max(len(recent) - window.size, 0))
    while found >= 0:
        # Elsewhere it is made of the parts of two entries.
        if found % ENTRY_BYTES == 0 and _ENTRY.unpack_from(recent, found)[1] >= oldest:
            return True
        found = recent.find(fingerprint, found + 1)
    return False


def remembered(recent: bytes, fingerprint: bytes, received_ms: int, window: Window) -> bytes:
    """`recent` with one more, without those that `window` does not reach any more."""
    recent += entry(fingerprint, received_ms // 1_000)
    return recent if len(recent) <= window.size else recent[-window.size :]
