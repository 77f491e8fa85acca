"""Producers that send elsewhere than to their customer's partition, while workers die."""

import random
from collections.abc import Iterable, Iterator

from flows.simulate.stream import BROKEN_KIND, Emission
from tests.faults.breaks.fault import Fault, Stage
from tests.faults.breaks.kill import kill
from tests.faults.stage.arena import Arena
from tests.faults.stage.load import RIGHT, Change, Due, Sent
from tests.faults.world import PRODUCERS

SHARE = 0.2
WRONG = [name for name in PRODUCERS if name != RIGHT]


def elsewhere(rng: random.Random, counts: dict[str, int]) -> Change:
    """One event in five is sent by a producer with another partitioner, without a key or with
    another one. Some of these come right all the same."""

    def change(emissions: Iterator[Emission]) -> Iterable[Due]:
        for emission in emissions:
            if emission.kind == BROKEN_KIND or rng.random() >= SHARE:
                yield emission
                continue
            producer = rng.choice(WRONG)
            what = f"events with {producer}"
            counts[what] = counts.get(what, 0) + 1
            yield Sent(
                emission.due_ms,
                emission.channel,
                emission.key,
                emission.value,
                producer=producer,
            )

    return change


def sent_on(arena: Arena) -> None:
    """Workers are killed as by `kill`, and shards have sent events on to each other meanwhile."""
    kill(arena)
    counters = arena.world.counters()
    if not any(number for name, number in counters.items() if name.startswith("forwarded:")):
        arena.wrong.append("expected events to be sent on to their customer's shard, got none")


FAULTS = [
    Fault(
        "misplaced",
        "a fifth of the events with a wrong partitioner or key, and kill -9 of workers",
        sent_on,
        full_s=300,
        stage=Stage(change=elsewhere),
    )
]
