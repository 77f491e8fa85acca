"""The fence and the plan of a shard: who may write it, how far it is, what it is about to do."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec
from msgspec import Struct, field, structs

VERSION = 1
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
NO_TIMES: Final[Mapping[str, int]] = MappingProxyType({})


class Position(Struct, array_like=True, frozen=True):
    """How far one topic is applied."""

    topic_id: str
    """Kafka's id of the topic: a recreated topic has the same name and another id."""
    next_offset: int
    last_id: str = ""
    """Message id of the last event applied; empty before the first."""
    cuts: int = 0
    """How often the topic has lost its end below `next_offset`, and that was accepted: since then
    offsets mean other events than they did."""
    newest_ms: int = 0
    """When the newest event of it that was applied happened; 0 before the first."""

    @property
    def source(self) -> str:
        """Names what an offset means something in, for good."""
        return f"{self.topic_id}.{self.cuts}" if self.cuts else self.topic_id


class Range(Struct, array_like=True, frozen=True):
    """What a plan takes from one topic: `count` records in offsets `start` to `end` (exclusive)."""

    start: int
    end: int
    count: int


class Plan(Struct, frozen=True, omit_defaults=True):
    """What a flush is going to do, fixed before it produces its first byte.

    With it whoever owns the shard after a crash does the same again, byte for byte.
    """

    commit: int
    generation: int
    ranges: dict[str, Range]
    """Topic → its range; topics without input are left out."""
    now_ms: int
    """The flush's `now`; never less than the last plan's."""
    playbook: str
    build: str
    checksum: int
    """CRC-32 over the input values in the flush's order."""
    cuts: dict[str, int] = field(default_factory=dict)
    """Topic that it reads → the `cuts` of its position, where there are any: they name the sender
    of what is forwarded, and Redis may be lost."""
    complete_ms: int = 0
    """Up to when every input topic is known to be read, but for those of `behind`."""
    behind: list[str] = field(default_factory=list)
    """The topics that have more than the plan takes, or may have."""
    merged_ms: int = 0
    """Up to when all that was received, by whatever topic, was read when it was made, so that what
    is not in it or in those before was received later than what is; 0 when that is not known."""
    wake: int = 0
    """How many customers at most the passing of time is applied to, beside those with events."""
    recall: int = 0
    """How many customers at most are looked for who are served what is used up."""


class Fence(Struct, array_like=True, frozen=True):
    """The state of one shard's progress: its only start position."""

    version: int
    owner: str
    epoch: int
    """Grows each time the shard is taken; at least the wall clock in µs at that time, so that a
    Redis that comes back from the past cannot hand one out twice."""
    generation: int
    """Raised by an operator who rebuilds; readers start anew."""
    commit: int
    """Number of the last commit; 0 before the first."""
    partitions: int
    """Partition count of every topic; fixed for life."""
    now_ms: int
    """`now` of the last plan."""
    plan_offset: int
    """An offset in the shard's enriched partition that no plan above `commit` lies before."""
    plan: Plan | None
    positions: dict[str, Position] = field(default_factory=dict)
    log_id: str = ""
    """Kafka's id of the topic that holds the shard's plans, touchpoints.enriched."""
    clock_ms: int = 0
    """How far the shard is in event time; it never goes back."""


def advance(
    fence: Fence,
    plan: Plan,
    last_ids: Mapping[str, str] = NOTHING,
    newest_ms: Mapping[str, int] = NO_TIMES,
    clock_ms: int = 0,
) -> Fence:
    """The fence once `plan` is committed, with no plan in it.

    `last_ids`: topic → message id of the last event that the flush accepted from it. `newest_ms`:
    topic → when the newest event of it happened. `clock_ms`: the shard's clock after the flush.
    """
    positions = dict(fence.positions)
    for topic, planned in plan.ranges.items():
        known = positions[topic]
        positions[topic] = Position(
            known.topic_id,
            planned.end,
            last_ids.get(topic, known.last_id),
            known.cuts,
            max(newest_ms.get(topic, 0), known.newest_ms),
        )
    return structs.replace(
        fence,
        generation=plan.generation,
        commit=plan.commit,
        now_ms=plan.now_ms,
        plan=None,
        positions=positions,
        clock_ms=max(fence.clock_ms, clock_ms),
    )


encode_fence = msgspec.msgpack.Encoder().encode
decode_fence = msgspec.msgpack.Decoder(Fence).decode

encode_plan = msgspec.json.Encoder(order="sorted").encode
"""A plan as it stands in the enriched partition."""
decode_plan = msgspec.json.Decoder(Plan).decode
