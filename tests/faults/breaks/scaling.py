"""Processes of the consumer group come and go, as somebody scales them: nothing comes twice."""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from msgspec import structs

from tests.faults.breaks.fault import Fault, Stage
from tests.faults.stage.arena import Arena
from tests.faults.stage.crew import plainly, said, until_ready

UP = (2, 4)
IN_GROUP = {
    "TOUCHLINE_ASSIGNMENT": "group",
    # A member hears with its heartbeat that another has come or gone ...
    "TOUCHLINE_KAFKA_HEARTBEAT_INTERVAL_MS": "300",
    # ... and is not taken for dead because the machine has much else to do.
    "TOUCHLINE_KAFKA_SESSION_TIMEOUT_MS": "30000",
}
OUT_OF_ORDER = ("took this process for dead", "fence was touched", "the fence changed", "taken by")
"""What a member says of shards that it has lost in another way than by handing them over."""


def every_other_is_slow(folder: Path, number: int) -> Sequence[str]:
    """What they have begun is under way for a while when shards are revoked."""
    return ["tests.faults.stage.slow"] if number % 2 else plainly(folder, number)


def scaling(arena: Arena) -> None:
    """1 → 2 → 4 → 1 processes, as often as there is time, once at least."""
    _shared(arena, time.monotonic())
    while True:
        for processes in UP:
            _more(arena, processes)
        while len(arena.crew.workers) > 1:
            _one_less(arena)
        if not arena.going_on():
            break
    for log in sorted(arena.folder.glob("worker-*.log")):
        lines = log.read_text().splitlines()
        wrong = [line for line in lines if any(words in line for words in OUT_OF_ORDER)]
        arena.wrong += [f"{log.stem} lost shards, in a hand-over in order: {x}" for x in wrong]


def _more(arena: Arena, processes: int) -> None:
    began_s = time.monotonic()
    first = len(arena.crew.workers) + 1
    started = [arena.crew.add(number, processes) for number in range(first, processes + 1)]
    for worker in started:
        until_ready(worker.process)
    _shared(arena, began_s)
    arena.count("processes started", len(started))


def _one_less(arena: Arena) -> None:
    arena.wait(arena.rng.uniform(0.0, 1.0))
    began_s, leaving = time.monotonic(), arena.rng.choice(arena.crew.workers)
    code = arena.crew.retire(leaving)
    if code != 0 or not said(leaving.process, "drained"):
        last = " | ".join(leaving.process.last_lines(1))
        arena.wrong.append(f"{leaving.process.name} was told to stop, ended with {code}: {last}")
    _shared(arena, began_s)
    arena.count("processes stopped")


def _shared(arena: Arena, began_s: float) -> None:
    """Wait until they share all shards, each its part, and every shard is back at work."""
    processes = {worker.process.pid for worker in arena.crew.workers}
    least = arena.world.partitions // len(processes)

    def fair() -> bool:
        owned = Counter(arena.watch.owners().values())
        return owned.keys() == processes and min(owned.values()) >= least

    arena.until(fair, f"{len(processes)} processes share the shards")
    arena.until(arena.all_commit(), "every shard is back at work")
    arena.recoveries.append(time.monotonic() - began_s)


SMALL = Stage(
    processes=1,
    backlog=5_000,
    flush_events=50,
    repeats=False,
    settings=IN_GROUP,
    under=every_other_is_slow,
)

FAULTS = [
    Fault(
        "scaling",
        "1, 2, 4 and 1 processes of the consumer group, started and told to stop under load",
        scaling,
        full_s=300,
        quick_s=1,
        stage=structs.replace(SMALL, rate=500, backlog=20_000),
        quick_stage=SMALL,
    )
]
