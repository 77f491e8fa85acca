"""Where a process of the touchpoints flow can be cut: named points of the commit protocol."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

from connectors.kafka.publisher import Publisher
from connectors.kafka.shard_consumer import ShardConsumer
from flows.processor import commit, decide, intake, membership, ownership
from flows.processor.processor import Processor
from flows.processor.shard import Shard
from state.store.shard_store import ShardStore

POINTS: dict[str, tuple[Any, str]] = {
    "0 taken": (ShardStore, "take"),
    "0 plan log read": (ownership, "read_plans"),
    "1 plan sent": (ShardStore, "begin_fence"),
    "1 plan fixed": (ShardStore, "end"),
    "1 consumed": (ShardConsumer, "fetch"),
    "2 decided": (decide, "_decide_slice"),
    "3 plan produced": (Publisher, "plan"),
    "3 half produced": (Publisher, "enriched"),
    "3 acknowledged": (Processor, "settle"),
    "4 commit sent": (ShardStore, "begin_commit"),
    "4 committed": (Shard, "remember"),
    "5 half published": (Publisher, "actions"),
    "5 half forwarded": (Publisher, "forwards"),
    "5 published": (commit, "_publish"),
    "5 trimmed": (ShardStore, "trim"),
}
"""Where a flush can be cut, by the numbered steps of the commit protocol."""
INSTEAD = {"stops": signal.SIGTERM, "sleeps": signal.SIGSTOP}
"""What VICTIM in the environment says → the signal that comes instead of a SIGKILL."""


def arm(point: str, nth: int, share: float = 0.5) -> None:
    """Die at the `nth` arrival at `point`; where it is half of something, with `share` of it."""
    owner, name = POINTS[point]
    if point == "5 trimmed":
        let_the_flow_rest()
    original: Callable[..., Any] = getattr(owner, name)
    left = [nth]

    def armed(*args: Any, **kwargs: Any) -> Any:
        if not counts(point, args):
            return original(*args, **kwargs)
        left[0] -= 1
        if left[0] != 0:
            return original(*args, **kwargs)
        if "half" in point:
            publisher, shard, records = args
            original(publisher, shard, records[: max(round(len(records) * share), 1)])
            assert publisher.settle(30)
        elif not original(*args, **kwargs) and point == "1 consumed":
            left[0] += 1  # nothing had come
            return []
        if point == "3 plan produced":
            args[0]._producer.flush()
        if instead := INSTEAD.get(os.environ.get("VICTIM", "")):
            os.kill(os.getpid(), instead)
            return None
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("not reached")

    setattr(owner, name, armed)


def let_the_flow_rest() -> None:
    """No flushes by time alone: their commits take along what was to be trimmed, maybe always."""
    vars(intake)["Intake"]._time_has_come = lambda *_: False


def counts(point: str, args: tuple[Any, ...]) -> bool:
    """Whether a call is an arrival: half of nothing is no half, and recorded actions that are
    published again come as an iterator; what is acknowledged while nothing is begun, so that the
    outboxes can be trimmed, leaves nothing that would be done again."""
    if point == "3 acknowledged":
        pending = args[0].pending
        return pending is not None and bool(pending.slices)
    return "half" not in point or (isinstance(args[2], list) and bool(args[2]))


def poison(one_in: int = 16) -> None:
    """Deciding raises for one event in so many, the same ones each time."""
    original: Callable[..., Any] = vars(decide)["decide"]

    def poisoned(profile: Any, touchpoint: Any, *rest: Any) -> Any:
        decision = original(profile, touchpoint, *rest)
        if touchpoint.fingerprint[0] < 256 // one_in:
            raise RuntimeError("poisoned")
        return decision

    setattr(decide, "decide", poisoned)  # noqa: B010 - the module does not export it


def slow_hand_over() -> None:
    """What is under way when shards are revoked takes as long as with a broker that is slow."""
    original: Callable[[Processor], None] = vars(membership)["drain"]

    def slow(processor: Processor) -> None:
        time.sleep(0.5)
        original(processor)

    setattr(membership, "drain", slow)  # noqa: B010 - the module does not export it
