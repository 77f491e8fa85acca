"""How far each shard is in event time, from the plans and the rows of the log: up to then it must
have let time pass for its customers."""

from collections import defaultdict
from collections.abc import Mapping

from state.applied import Applied
from state.fence import Plan

DISORDER_MS = 5_000
"""How much earlier than one before it an event of the same topic may have happened."""


SETTLE_MS = 250
"""How long an event is given to come to its topic."""


class ShardClock:
    """Of one shard; it never goes back."""

    def __init__(self, plans: Mapping[int, Plan]) -> None:
        """`plans`: commit → what was planned."""
        self._plans = plans
        self._open = sorted(plans)
        self._newest: dict[str, int] = defaultdict(int)
        self.at_ms = 0

    def show(self, place: Applied, topic: str, at_ms: int, received_ms: int) -> int:
        """Until when time has passed for the customer of the next row, of an event of `topic` that
        happened at `at_ms`: it shows that the topic is so far, and what is due by then comes before
        it, as does what was due before it was received, if all that had come by then is known."""
        self._end_before(place.commit)
        plan = self._plans[place.commit]
        self._newest[topic] = max(self._newest[topic], min(at_ms, plan.now_ms))
        furthest = max(self._newest.values())
        mark = min([furthest, *[self._newest[name] for name in plan.behind]])
        self.at_ms = max(self.at_ms, min(mark - DISORDER_MS, plan.complete_ms))
        return max(self.at_ms, min(received_ms - SETTLE_MS, plan.merged_ms, plan.complete_ms))

    def end(self) -> int:
        """Where it is after the last plan."""
        self._end_before(max(self._plans) + 1)
        return self.at_ms

    def _end_before(self, commit: int) -> None:
        """What a plan does not leave behind is read up to `complete_ms` when it is done."""
        while self._open and self._open[0] < commit:
            plan = self._plans[self._open.pop(0)]
            marks = [max(self._newest[topic] - DISORDER_MS, 0) for topic in plan.behind]
            self.at_ms = max(self.at_ms, min([plan.complete_ms, *marks]))
