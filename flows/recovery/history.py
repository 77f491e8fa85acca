"""What one shard's plan log tells of its history, and from where on that can be done again.

Plans come in the order of the log and are not kept: there may be a million of them.
"""

from collections.abc import Mapping

from msgspec import Struct

from connectors.kafka.edges import Edge
from connectors.kafka.topics import BROADCAST, DECIDED
from state.fence import Plan

NOTHING: Mapping[str, int] = {}


class Beginning(Struct, frozen=True):
    """Where a shard begins that has no fence: what is to stand in its first one."""

    generation: int
    commit: int
    now_ms: int
    plan_offset: int
    positions: dict[str, int]
    """Topic → next offset."""
    cuts: dict[str, int]
    """Topic → as in its `Position`, where there are any."""


class Reach(Struct, frozen=True):
    """Of one topic, the newest plan that reads it: its commit number, from where and to where."""

    commit: int
    start: int
    end: int


class History:
    """Fed with the plans of a shard's log, oldest first."""

    def __init__(self, edges: Mapping[str, Edge], spoiled: Mapping[str, int] = NOTHING) -> None:
        """`edges`: input topic → what its partition holds.

        `spoiled`: topic → the last flush that is known to have read something else than lies there.
        """
        self._edges = edges
        self._spoiled = spoiled
        self._starts: dict[str, int] = {}
        """Topic → where the first plan from `begin` on that reads it starts."""
        self._reached: dict[str, Reach] = {}
        self._cuts: dict[str, int] = {}
        """Topic → those of the last plan that reads it."""
        self.begin: Plan | None = None
        """The first plan that can be done again, as can all that follow."""
        self.begin_offset = 0
        self.last: Plan | None = None
        self.newest: dict[str, Plan] = {}
        """Topic → the last plan that reads it, for those that can be done again."""
        self.flushes = 0
        """Plans from `begin` on."""
        self.events = 0
        """Records they read."""
        self.why = ""
        """Why what lies before `begin` cannot be done again."""

    @property
    def whole(self) -> bool:
        """Whether the state can be made exactly as it was."""
        return self.begin is not None and self.begin.commit == 1

    def add(self, offset: int, plan: Plan) -> None:
        """The next plan; it lies at `offset`."""
        last = self.last
        if last is not None and (plan.generation, plan.commit) <= (last.generation, last.commit):
            return  # done again after a crash, or the late work of a fenced owner
        if why := self._breaks(plan):
            self._restart(why)
        if last is not None and plan.generation > last.generation:
            self._give_up_from(plan.commit)
        for topic, planned in plan.ranges.items():
            self._reached[topic] = Reach(plan.commit, planned.start, planned.end)
            self._cuts[topic] = plan.cuts.get(topic, 0)
        self.last = plan
        if why := self._unreadable(plan):
            self._restart(why)
            return
        if self.begin is None:
            self.begin, self.begin_offset = plan, offset
        for topic, planned in plan.ranges.items():
            self._starts.setdefault(topic, planned.start)
            self.newest[topic] = plan
        self.events += events_of(plan)
        self.flushes += 1

    def beginning(
        self, told: Mapping[str, int], log_end: int, highest_generation: int
    ) -> Beginning:
        """Where to begin, so that what readers have seen is not seen again.

        `told`: topic → the offset that the group has committed; `highest_generation`: of any record
        that was found, for a log without plans. Then all that the topics hold comes again, in the
        next generation.
        """
        if self.last is None:
            earliest = {topic: edge.low for topic, edge in self._edges.items()}
            return Beginning(highest_generation + 1, 0, 0, log_end, earliest, {})
        positions = {topic: self._position(topic, told.get(topic)) for topic in self._edges}
        cuts = {topic: n for topic, at in positions.items() if (n := self._cuts_at(topic, at))}
        if self.begin is None:
            last = self.last
            return Beginning(last.generation, last.commit, last.now_ms, log_end, positions, cuts)
        begin = self.begin
        return Beginning(begin.generation, begin.commit - 1, 0, self.begin_offset, positions, cuts)

    def _cuts_at(self, topic: str, position: int) -> int:
        """One more where it goes on below what was read and no plan does that again: what lies
        there may be other events, which must not be taken for those that were forwarded."""
        known, reached = self._cuts.get(topic, 0), self._reached.get(topic)
        anew = reached is not None and topic not in self._starts and position < reached.end
        return known + anew

    def _position(self, topic: str, told: int | None) -> int:
        edge, reached = self._edges[topic], self._reached.get(topic)
        if topic in self._starts:
            return self._starts[topic]
        if reached is None or reached.commit <= self._spoiled.get(topic, 0):
            candidate = told
        else:
            candidate = reached.end
        if candidate is None or not edge.low <= candidate <= edge.high:
            return edge.low
        return candidate

    def _breaks(self, plan: Plan) -> str:
        """Why nothing before `plan` can be done again if it is; empty when it just goes on."""
        last = self.last
        if last is None:
            return "" if plan.commit == 1 else f"the log of plans begins with flush {plan.commit}"
        if plan.generation > last.generation:
            return f"generation {plan.generation} begins with flush {plan.commit}"
        if plan.commit != last.commit + 1:
            return f"the plan of flush {last.commit + 1} is missing"
        for topic, planned in plan.ranges.items():
            reached = self._reached.get(topic)
            if reached is not None and reached.end != planned.start:
                return (
                    f"flush {plan.commit} reads {topic} from offset {planned.start} on, those "
                    f"before it had read it up to {reached.end}: it was made anew or cut"
                )
        return ""

    def _unreadable(self, plan: Plan) -> str:
        """Why `plan` cannot be done again; empty when it can."""
        if spoiled := [t for t in plan.ranges if plan.commit <= self._spoiled.get(t, 0)]:
            # A plan has one checksum for all that it reads, so each of them may be the one.
            topics = " and ".join(sorted(spoiled))
            return f"what flush {plan.commit} read of {topics} is not what lies there now"
        for topic, planned in plan.ranges.items():
            edge = self._edges[topic]
            if not edge.low <= planned.start <= planned.end <= edge.high:
                return (
                    f"flush {plan.commit} reads {topic} from offset {planned.start} to "
                    f"{planned.end}, and it holds {edge.low} to {edge.high}"
                )
        return ""

    def _restart(self, why: str) -> None:
        self.begin, self.why = None, why
        self._starts, self.newest = {}, {}
        self.flushes = self.events = 0

    def _give_up_from(self, commit: int) -> None:
        """A new generation begins with `commit`: what was begun from there on is not done."""
        if commit == 1:
            self._reached.clear()
        for topic, reached in self._reached.items():
            if reached.commit >= commit:
                self._reached[topic] = Reach(commit - 1, reached.start, reached.start)


class Rest:
    """Fed with the plans of a shard's log from its fence's mark on: what is still to be done."""

    def __init__(self, generation: int, commit: int) -> None:
        """As they stand in the fence."""
        self._last = generation, commit
        self.flushes = 0
        self.events = 0

    def add(self, _offset: int, plan: Plan) -> None:
        """The next plan."""
        number = plan.generation, plan.commit
        if number > self._last:
            self._last = number
            self.flushes += 1
            self.events += events_of(plan)


def events_of(plan: Plan) -> int:
    """How many events a plan takes: not what all shards are told, nor what was decided for who
    asks."""
    told = (BROADCAST, DECIDED)
    return sum(planned.count for topic, planned in plan.ranges.items() if topic not in told)
