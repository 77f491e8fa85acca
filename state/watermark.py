"""Event time of a shard: how far each of its topics is, and how far they are together.

The clock of a shard is the lowest watermark of its topics, so that nothing which is still on its
way in one of them lies before it, but for what comes out of order by more than is allowed.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

ALLOWED_DISORDER_MS: Final = 5_000
"""How much earlier than one that came before it an event of the same topic may have happened."""
SETTLE_MS: Final = 250
"""How far behind the wall clock a shard's clock stays that has read all there is: about as long as
an event takes from where it happens to its topic."""


class Clock(NamedTuple):
    """How far a shard is in event time."""

    at_ms: int | None
    """Milliseconds since the epoch; None while that is not known."""
    holder: str | None
    """The topic that holds it back; None when every topic is at its end."""


UNKNOWN: Final = Clock(None, None)


def clock(
    newest_ms: Mapping[str, int],
    behind: Iterable[str],
    complete_ms: int,
    before: Clock = UNKNOWN,
) -> Clock:
    """The shard's clock, given what it was `before`: it never goes back.

    `newest_ms`: topic → when its newest accepted event happened, in the future at most so far as
    that is believed. `behind`: the topics of which more is to come than was applied; the others
    are known to be applied as they were at `complete_ms`, and are never what holds it back. A
    topic that is behind and of which nothing is known holds the clock where it was. Of two that
    are equally far back the first by name is the holder.
    """
    reached, holder = complete_ms, None
    for topic in sorted(behind):
        newest = newest_ms.get(topic, 0)
        if not newest:
            return Clock(before.at_ms, topic)
        if (mark := newest - ALLOWED_DISORDER_MS) < reached:
            reached, holder = mark, topic
    return Clock(max(reached, before.at_ms or 0), holder)
