"""SIGTERM: what was begun is finished, and the next start repeats nothing at all."""

import time

from tests.faults.breaks.fault import Fault, Stage
from tests.faults.stage.arena import Arena
from tests.faults.stage.crew import Worker, until_ready


def rolling(arena: Arena) -> None:
    """One worker after the other is told to stop, and its successor is started."""
    while arena.going_on():
        worker = arena.rng.choice(arena.crew.workers)
        arena.wait(arena.rng.uniform(0.1, 1.5))
        replace(arena, worker)
        arena.count("restarts")


def replace(arena: Arena, worker: Worker) -> Worker:
    """Stop it, start its successor, and see that the shards go on."""
    began = time.monotonic()
    code = arena.crew.retire(worker)
    if code != 0:
        arena.wrong.append(f"{worker.process.name} was told to stop and ended with {code}")
    goes_on = arena.all_commit()
    successor = arena.crew.add(worker.number, worker.of)
    until_ready(successor.process)
    arena.until(goes_on, "the successor commits")
    arena.recoveries.append(time.monotonic() - began)
    return successor


FAULTS = [
    Fault(
        "rolling-restart",
        "SIGTERM and a successor, one worker after the other",
        rolling,
        full_s=120,
        quick_s=8,
        stage=Stage(repeats=False),
    )
]
