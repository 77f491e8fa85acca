"""Event time of a shard: how far each of its topics is, and how far they are together.

The clock of a shard is the lowest watermark of its topics, so that nothing which is still on its
way in one of them lies before it, but for what comes out of order by more than is allowed.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from state.limits import USUAL

ALLOWED_DISORDER_MS: Final = 5_000
"""How much earlier than one that came before it an event of the same topic may have happened."""


class Clock(NamedTuple):
    """How far a shard is in event time."""

    at_ms: int | None
    """Milliseconds since the epoch; None while that is not known."""
    holder: str | None
    """The topic that holds it back; None when every topic is at its end."""


UNKNOWN: Final = Clock(None, None)


def watermark(newest_ms: int, now_ms: int, ahead_ms: int = USUAL.ahead_ms) -> int:
    """How far a topic is whose newest accepted event happened at `newest_ms`.

    `ahead_ms`: how far in the future a producer's clock is believed.
    """
    return min(newest_ms, now_ms + ahead_ms) - ALLOWED_DISORDER_MS


def clock(
    newest_ms: Mapping[str, int],
    behind: Iterable[str],
    now_ms: int,
    before: Clock = UNKNOWN,
    ahead_ms: int = USUAL.ahead_ms,
) -> Clock:
    """The shard's clock, given what it was `before`: it never goes back.

    `newest_ms`: topic → when its newest accepted event happened. `behind`: the topics that are not
    at their end; the others hold nothing back, and when there is none `now_ms` is the clock. A
    topic that is behind and of which nothing is known holds the clock where it was. Of two that
    are equally far back the first by name is the holder.
    """
    topics = sorted(behind)
    if not topics:
        return Clock(max(now_ms, before.at_ms or 0), None)
    for topic in topics:
        if topic not in newest_ms:
            return Clock(before.at_ms, topic)
    marks = {topic: watermark(newest_ms[topic], now_ms, ahead_ms) for topic in topics}
    holder = min(topics, key=marks.__getitem__)
    return Clock(max(marks[holder], before.at_ms or 0), holder)
