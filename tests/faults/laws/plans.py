"""The plans of one shard, as they lie in its enriched partition: what each took of the input."""

from bisect import bisect_right

from state.fence import Plan
from tests.faults.laws.verdict import Verdict

TILED = "each input record is in exactly one plan"


class Plans:
    """In log order; a repeat must be the same plan."""

    def __init__(self, shard: int, verdict: Verdict) -> None:
        self._shard, self._verdict = shard, verdict
        self._plans: dict[tuple[int, int], Plan] = {}
        self._ranges: dict[str, list[tuple[int, int, Plan]]] = {}
        """Topic → (start, end, plan), in the order of commits."""

    def add(self, plan: Plan) -> bool:
        """The next plan of the log; whether it is new."""
        key = (plan.generation, plan.commit)
        if key in self._plans:
            same = self._plans[key] == plan
            where = f"shard {self._shard}, commit {plan.commit}"
            self._verdict.expect(same, "a plan that is written again is the same", where)
            return False
        last = next(reversed(self._plans.values()), None)
        self._plans[key] = plan
        if last is not None:
            self._follows(last, plan)
        for topic, planned in plan.ranges.items():
            ranges = self._ranges.setdefault(topic, [])
            if ranges and ranges[-1][1] != planned.start:
                gap = f"{topic}[{self._shard}]: from {ranges[-1][1]} to {planned.start}"
                self._verdict.broke(TILED, gap)
            ranges.append((planned.start, planned.end, plan))
        return True

    def _follows(self, last: Plan, plan: Plan) -> None:
        where = f"shard {self._shard}, commit {plan.commit} after {last.commit}"
        follows = (plan.generation, plan.commit) > (last.generation, last.commit)
        self._verdict.expect(follows, "commits are numbered without a hole", where)
        self._verdict.expect(plan.now_ms >= last.now_ms, "the plans' time never goes back", where)

    def of(self, generation: int, commit: int) -> Plan | None:
        """The plan of a commit; None when the log has none so far."""
        return self._plans.get((generation, commit))

    def taken_in(self, topic: str, offset: int) -> Plan | None:
        """The plan that takes an input record; None when it is in no plan."""
        ranges = self._ranges.get(topic, [])
        at = bisect_right(ranges, offset, key=lambda r: r[0]) - 1
        return ranges[at][2] if at >= 0 and offset < ranges[at][1] else None

    def end(self, topic: str) -> int:
        """The offset after the last one that is in a plan."""
        ranges = self._ranges.get(topic)
        return ranges[-1][1] if ranges else 0
