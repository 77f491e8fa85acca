"""How far a shard's clock is: what a plan says of it, and what its events then show.

Pure. What is due by that clock happens before the event that shows it. What other shards forward
counts for nothing: how far those are does not show here.
"""

from collections.abc import Collection, Mapping

from msgspec import Struct

from state.fence import Plan
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
    read_ms: int,
) -> Completeness:
    """`nexts`: topic → the next offset after all that is planned. `left`: topics of which more is
    read already. `ends`: topic that is read → (offset at which its end was seen last, when, ms).
    `read_ms`: until when what had come is known to have been read: now, but after a pause.

    A topic that is planned up to its end is complete as of then; one whose end lies before that was
    when that end was seen.
    """
    complete_ms, behind = now_ms - SETTLE_MS, []
    for topic, upto in nexts.items():
        end, seen_ms = ends.get(topic, (-1, 0))
        if end >= upto and topic not in left:
            # Nothing is left of it; beyond may lie the mark of a transaction.
            complete_ms = min(complete_ms, max(seen_ms, read_ms) - SETTLE_MS)
        elif not 0 <= end <= upto or now_ms - seen_ms > ALLOWED_DISORDER_MS:
            behind.append(topic)
        else:
            complete_ms = min(complete_ms, seen_ms - SETTLE_MS)
    return Completeness(complete_ms, behind)


def after(known: Plan | Completeness, newest_ms: Mapping[str, int], before_ms: int) -> int:
    """The shard's clock once all that is planned is done, given how far each topic is then."""
    before = Clock(before_ms, None) if before_ms else UNKNOWN
    return clock(newest_ms, known.behind, known.complete_ms, before).at_ms or 0


class Reach:
    """The clock of a shard while it goes through the events of a plan.

    At an event it is by those that were accepted until then and this one, so that it does not
    matter how the same events are cut into plans.
    """

    def __init__(self, plan: Plan, newest_ms: Mapping[str, int], before_ms: int) -> None:
        """`newest_ms`: topic → when its newest accepted event happened. `before_ms`: the clock as
        the plan before left it."""
        self._plan = plan
        self._before_ms = before_ms
        self.newest_ms = dict(newest_ms)
        self._behind = frozenset(plan.behind)
        self._highest = max(newest_ms.values(), default=0)
        self.limit_ms = max(before_ms, plan.complete_ms)
        """It does not pass this."""

    def at(self, topic: str, at_ms: int) -> int:
        """What it is if the next event of `topic` that is accepted happened at `at_ms`."""
        newest_ms = self.newest_ms
        mark = max(self._highest, min(at_ms, self._plan.now_ms))
        for other in self._behind:
            known = newest_ms.get(other, 0)
            mark = min(mark, max(known, at_ms) if other == topic else known)
        return max(self._before_ms, min(mark - ALLOWED_DISORDER_MS, self._plan.complete_ms))

    def before(self, received_ms: int) -> int:
        """Until when time has passed for a customer of whom the next event was received then.

        A flow that had never been down would have known as much: what had come until then, of
        whatever topic, is applied. 0 when that is not known.
        """
        plan = self._plan
        return min(received_ms - SETTLE_MS, plan.merged_ms, plan.complete_ms)

    def accept(self, topic: str, at_ms: int) -> None:
        """An event of `topic` that happened at `at_ms` was accepted; "": one that was forwarded."""
        at_ms = min(at_ms, self._plan.now_ms)
        if topic and at_ms > self.newest_ms.get(topic, 0):
            self.newest_ms[topic] = at_ms
            self._highest = max(self._highest, at_ms)

    def after(self) -> int:
        """What it is once all events are applied."""
        return after(self._plan, self.newest_ms, self.at("", 0))
