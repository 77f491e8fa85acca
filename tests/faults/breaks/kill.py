"""kill -9 of a worker, at random times and at the named points of the commit protocol."""

import random
import time

from tests.faults.breaks.fault import Fault
from tests.faults.stage.arena import Arena, Late
from tests.faults.stage.crew import Worker

PATIENCE_S = 4.0
"""How long a life that is to end at a named point may last; then it is ended from outside."""
GIVE_UP_S = 60.0


def kill(arena: Arena) -> None:
    """Each worker on its own: killed, started again, back at work, and killed again a little later.
    Half of the lives end at a named point. What a life draws hangs on the seed, the worker and how
    many it had before, and not on what others draw meanwhile."""
    seed = arena.rng.getrandbits(64)
    arena.dice = lambda number, life: random.Random(f"{seed} {number} {life}")
    due = {id(worker): _next(arena, worker) for worker in arena.crew.workers}
    while arena.going_on():
        arena.tend()
        now = time.monotonic()
        for worker in arena.crew.workers:
            key = id(worker)
            if worker.died_at is not None:
                due.pop(key, None)
                if now - worker.died_at > GIVE_UP_S:
                    raise Late(f"worker {worker.number} is not back {GIVE_UP_S:.0f} s after a kill")
            elif key not in due:
                due[key] = _next(arena, worker)
            elif now >= due[key]:
                arena.crew.kill(worker)
    arena.dice = None
    for worker in arena.crew.workers:
        if worker.armed:
            arena.crew.kill(worker)
    alive = arena.crew.workers
    arena.until(lambda: all(worker.died_at is None for worker in alive), "all are back at work")
    for point, times in arena.crew.at_points.items():
        arena.count(f"at {point}", times)


def _next(arena: Arena, worker: Worker) -> float:
    """When to end this life from outside."""
    assert arena.dice is not None
    alive_s = arena.dice(worker.number, worker.lives).uniform(0.05, 1.5)
    return time.monotonic() + (PATIENCE_S if worker.armed else alive_s)


FAULTS = [
    Fault(
        "kill",
        "kill -9 of a worker, at random times and at named points of a flush",
        kill,
        full_s=900,
        quick_s=15,
    )
]
