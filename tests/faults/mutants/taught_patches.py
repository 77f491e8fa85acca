"""Mutants of what a shard is told and learns: what of it counts, is undone, and is withdrawn."""

from typing import Any

from msgspec import structs

from flows.processor import commit, decide, ownership, recalling, steps, waking, world
from flows.processor.world import Changes, Rewound
from tests.faults.mutants.patching import Patch, entering, put

TAUGHT_PATCHES: dict[str, Patch] = {}
mutant = entering(TAUGHT_PATCHES)


@mutant("who is served what is sold out is not looked for")
def _() -> None:
    put(steps, "find_holders", lambda processor, part: None)


@mutant("who is served a product is not written down")
def _() -> None:
    original = commit._commit
    put(commit, "_commit", lambda part, fence: structs.replace(original(part, fence), holders={}))


@mutant("who was recalled is said to be served it still")
def _() -> None:
    original = recalling.note_holders

    def noted(processor: Any, part: Any) -> None:
        part.recalled, recalled = {}, part.recalled
        part.offered = {c: held for c, held in part.offered.items() if c not in recalled}
        original(processor, part)

    put(decide, "note_holders", noted)


@mutant("in place of what is withdrawn nothing is chosen")
def _() -> None:
    original = vars(waking)["recall"]

    def recall(profile: Any, *args: Any) -> Any:
        due_ms, found = profile.due_at, original(profile, *args)
        profile.due_at = due_ms
        return found

    put(waking, "recall", recall)


@mutant("sums that are told late count all the same")
def _() -> None:
    original = Changes.tell

    def tell(changes: Any, moment: int, told: Any) -> None:
        changes._world.told = 0
        original(changes, moment, told)

    put(Changes, "tell", tell)


@mutant("a product's older record counts all the same")
def _() -> None:
    put(world, "is_news", lambda told, known: True)
    put(recalling, "is_news", lambda told, known: True)


@mutant("a sum that is told adds to what was told")
def _() -> None:
    original = Changes._sum

    def add(changes: Any, moment: int, arm: Any) -> None:
        row = changes._model.rows[arm.offer, arm.channel, arm.bucket]
        before = changes._world.counters.told(row)
        more = {"tries": arm.tries + before.tries, "taken": arm.taken + before.taken}
        original(changes, moment, structs.replace(arm, **more))

    put(Changes, "_sum", add)


@mutant("what was learned is not undone for an event that is buried")
def _() -> None:
    put(Changes, "rewind", lambda changes: Rewound([]))


@mutant("what was undone for an event that is buried stays undone")
def _() -> None:
    put(Rewound, "go", lambda rewound, moment: None)


@mutant("what was learned outlives the loss of a shard")
def _() -> None:
    original = vars(ownership)["recall"]
    kept: list[Any] = []

    def recall(*stored: Any) -> Any:
        kept.append(kept[0] if kept else original(*stored))
        return kept[-1]

    put(ownership, "recall", recall)
