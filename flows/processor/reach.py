"""How far a shard's clock is: what a plan says of it, and what its events then show.

Pure but for the slice it fills and its shard's memory of it. What is due by that clock happens
before the event that shows it.
"""

from collections.abc import Collection, Mapping

from msgspec import Struct

from flows.processor.flush import Slice
from state.fence import Plan
from state.timers import EVER
from state.touchpoint import Touchpoint
from state.watermark import ALLOWED_DISORDER_MS, SETTLE_MS, UNKNOWN, Clock, clock


class Completeness(Struct):
    """How much of its topics a shard will have read, once it has done what is planned."""

    complete_ms: int
    behind: list[str]


def completeness(
    nexts: Mapping[str, int],
    left: Collection[str],
    ends: Mapping[str, tuple[int, int]],
    now_ms: int,
) -> Completeness:
    """`nexts`: topic → the next offset after all that is planned. `left`: topics of which more is
    read already. `ends`: topic that is read → (offset at which its end was seen last, when, ms).

    A topic that is planned up to its end is complete now; one whose end lies before that was when
    that end was seen.
    """
    complete_ms, behind = now_ms - SETTLE_MS, []
    for topic, upto in nexts.items():
        end, seen_ms = ends.get(topic, (-1, 0))
        if end >= upto and topic not in left:
            continue  # nothing is left of it; beyond may lie the mark of a transaction
        if not 0 <= end <= upto or now_ms - seen_ms > ALLOWED_DISORDER_MS:
            behind.append(topic)
        else:
            complete_ms = min(complete_ms, seen_ms - SETTLE_MS)
    return Completeness(complete_ms, behind)


def after(plan: Plan | Completeness, newest_ms: Mapping[str, int], before_ms: int) -> int:
    """The shard's clock once `plan` is done, given how far each topic is then."""
    before = Clock(before_ms, None) if before_ms else UNKNOWN
    return clock(newest_ms, plan.behind, plan.complete_ms, before).at_ms or 0


def note_reach(part: Slice) -> None:
    """Fill in how far the clock is at each event, and after the last.

    At an event by what has come until then, this one included. So it does not matter how the same
    events are cut into plans.
    """
    shard, plan = part.shard, part.plan
    newest_ms, now_ms = dict(shard.reached_ms), plan.now_ms
    highest, reached_ms, reached = max(newest_ms.values(), default=0), shard.clock_ms, []
    behind = frozenset(plan.behind)
    hindmost = min([newest_ms.get(topic, 0) for topic in behind], default=EVER)
    for message, event in zip(part.messages, part.events, strict=True):
        if isinstance(event, Touchpoint):
            at_ms, topic = min(event.at_ms, now_ms), message.topic()
            known = newest_ms.get(topic, 0)
            if at_ms > known:
                newest_ms[topic] = at_ms
                if topic in behind and known == hindmost:
                    hindmost = min([newest_ms.get(topic, 0) for topic in behind])
                highest = max(highest, at_ms)
                mark = min(highest, hindmost) - ALLOWED_DISORDER_MS
                reached_ms = max(reached_ms, min(mark, plan.complete_ms))
        reached.append(reached_ms)
    part.reached, part.newest_ms = reached, newest_ms
    part.clock_ms = after(plan, newest_ms, reached_ms)
    shard.reached_ms, shard.clock_ms = newest_ms, part.clock_ms
