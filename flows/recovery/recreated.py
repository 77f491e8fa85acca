"""Going on, on purpose, with a topic that is not the one it was, or has lost records.

Each shard's fence is changed under a new epoch by compare-and-set, so that whoever owns the shard
is fenced; a flow that is started afterwards goes on from there. After a crash in the middle the
next call changes the shards that are left.
"""

from collections.abc import Iterable

from msgspec import Struct, structs

from connectors.kafka.edges import Edge
from connectors.kafka.topics import ENRICHED
from state.applied import GENERATION_BITS
from state.fence import Fence, Plan, Position
from state.store.shard_store import Refused


class Change(Struct, frozen=True):
    """What is done to one shard, and what that costs."""

    shard: int
    why: str
    """What is wrong with the topic's partition."""
    next_offset: int
    """Where it goes on; of touchpoints.enriched, from where on plans may lie."""
    dropped: int = 0
    """Begun flushes that read the topic, or follow one that does: they cannot be done again."""
    repeated: int = 0
    """Their events of other topics, which may come twice in touchpoints.enriched."""
    generation: int | None = None
    """From now on, where flushes are dropped."""

    def __str__(self) -> str:
        told = f"shard {self.shard}: {self.why}; goes on at offset {self.next_offset:,}"
        if not self.dropped:
            return told
        return (
            f"{told}; {self.dropped:,} begun but not committed are dropped, and generation "
            f"{self.generation} begins: their {self.repeated:,} events of other topics may appear "
            "twice in touchpoints.enriched"
        )


class Begun(Struct):
    """Flushes of a shard that were begun and are not committed."""

    flushes: int
    others: int
    """Their events of other topics."""
    reached: int
    """Where the last of them ends in the topic; 0 when none reads it."""
    generation: int
    """The highest."""


def begun_of(fence: Fence, logged: Iterable[Plan], topic: str) -> Begun:
    """What of `logged`, the plan log from the fence's mark on, and of the fence itself is begun."""
    last = fence.generation, fence.commit
    begun = Begun(0, 0, 0, fence.generation)
    for plan in (*((fence.plan,) if fence.plan else ()), *logged):
        number = plan.generation, plan.commit
        if number <= last:
            continue
        last = number
        begun.flushes += 1
        begun.generation = plan.generation
        for name, planned in plan.ranges.items():
            if name == topic:
                begun.reached = max(begun.reached, planned.end)
            else:
                begun.others += planned.count
    return begun


def accept_input(
    shard: int, fence: Fence, topic: str, topic_id: str, edge: Edge, log_end: int, begun: Begun
) -> tuple[Fence, Change] | None:
    """The fence that goes on with an input topic as it is, and what that costs; None when it is the
    same as before.

    `edge`: what the shard's partition of it holds; `log_end`: of its plan log. Raises Refused when
    there are no more generations.
    """
    known = fence.positions.get(topic)
    if known is None:
        return None
    at, cuts = known.next_offset, known.cuts
    reached = max(at, begun.reached)
    if known.topic_id != topic_id:
        goes_on, cuts = edge.low, 0
        why = (
            f"{topic} was made anew, and what it held from offset {at:,} on is lost; how much that "
            "was is not known"
        )
    elif at < edge.low:
        goes_on = edge.low
        why = f"{topic} has lost offsets {at:,} to {edge.low - 1:,}, which nobody had read"
    elif reached > edge.high:
        goes_on = min(at, edge.high)
        cuts += goes_on < at
        why = f"{topic} has lost offsets {edge.high:,} to {reached - 1:,} from its end"
    else:
        return None
    position = Position(topic_id, goes_on, cuts=cuts)
    changed = structs.replace(fence, positions={**fence.positions, topic: position})
    if not begun.reached:
        return changed, Change(shard, why, goes_on)
    generation = begun.generation + 1
    if generation >= 1 << GENERATION_BITS:
        raise Refused(
            f"shard {shard}: expected a generation below {1 << GENERATION_BITS}, got {generation}: "
            "there are no more; restore the topic"
        )
    changed = structs.replace(changed, plan=None, plan_offset=log_end, generation=generation)
    return changed, Change(shard, why, goes_on, begun.flushes, begun.others, generation)


def accept_log(shard: int, fence: Fence, topic_id: str, edge: Edge) -> tuple[Fence, Change] | None:
    """The same for touchpoints.enriched: a begun plan in the fence stays, and goes into the log as
    it is now."""
    if fence.log_id != topic_id:
        changed = structs.replace(fence, log_id=topic_id, plan_offset=0)
        return changed, Change(shard, f"{ENRICHED} was made anew, and what it held is lost", 0)
    if fence.plan_offset > edge.high:
        changed = structs.replace(fence, plan_offset=edge.high)
        why = (
            f"{ENRICHED} has lost offsets {edge.high:,} to {fence.plan_offset - 1:,} or more from "
            "its end, rows that readers may not have seen"
        )
        return changed, Change(shard, why, edge.high)
    return None
