"""Mutants of what is sent on from one shard to another: which of it counts as new."""

from typing import Any

from msgspec import structs

from flows.processor import commit, forwarding
from state.fence import Position
from tests.faults.mutants.patching import Patch, entering, put

FORWARD_PATCHES: dict[str, Patch] = {}
mutant = entering(FORWARD_PATCHES)


@mutant("what was sent on and comes again is taken again")
def _() -> None:
    def is_new(origins: Any, sender: str, offset: int) -> bool:
        origins[sender] = max(offset + 1, origins.get(sender, 0))
        return True

    put(forwarding, "is_new", is_new)


@mutant("what has come of each sender is not stored")
def _() -> None:
    original = commit._commit

    def forgetting(part: Any, fence: Any) -> Any:
        return structs.replace(original(part, fence), origins={})

    put(commit, "_commit", forgetting)


@mutant("a topic that has lost its end is the sender that it was")
def _() -> None:
    put(Position, "source", property(lambda position: position.topic_id))
