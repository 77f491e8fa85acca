"""The wall clock of a worker is set forward and back: the plans' time stands still, or going on is
refused by name. It never goes back."""

import time
from collections.abc import Sequence
from pathlib import Path

from flows.commands.run import REFUSED
from flows.processor.intake import CLOCK_BACK_MS
from tests.faults.breaks.fault import Fault, Stage
from tests.faults.stage import clock
from tests.faults.stage.arena import Arena
from tests.faults.stage.crew import Worker, said

STEP_S = 600.0
LITTLE_S = 200.0
"""A step back that is no reason to stop. Time catches up after so long, which is more than a run
stays there."""
REFUSAL = "the clock of this machine says"


def _file(folder: Path, number: int) -> Path:
    return folder / f"clock-{number}"


def by_its_file(folder: Path, number: int) -> Sequence[str]:
    """Each worker has a clock of its own."""
    return ["tests.faults.stage.clock", str(_file(folder, number))]


class Clock:
    """Of one worker."""

    def __init__(self, arena: Arena, worker: Worker) -> None:
        self._arena, self._file = arena, _file(arena.folder, worker.number)
        self._shards = worker.shards

    def step(self, seconds: float) -> None:
        """Forward, or back."""
        clock.set_off(self._file, clock.off_s(self._file) + seconds)

    def behind_s(self) -> float:
        """How far it is behind the plans, the shard that makes this least counting."""
        planned = self._arena.watch.planned_ms()
        now_s = time.time() + clock.off_s(self._file)
        return min(planned[shard] for shard in self._shards) / 1000 - now_s


def steps(arena: Arena) -> None:
    """Of one worker after the other: back by as much as is tolerated, forward by ten minutes, back
    by ten minutes, in the middle of a life or between two. All three at least once."""
    while True:
        for worker in arena.rng.sample(arena.crew.workers, len(arena.crew.workers)):
            own = Clock(arena, worker)
            _a_little_back(arena, worker, own)
            _forward(arena, worker, own)
            _back(arena, worker, own)
        if not arena.going_on():
            return


def _a_little_back(arena: Arena, worker: Worker, own: Clock) -> None:
    """The plans' time stands still, and what comes meanwhile is done as ever."""
    own.step(-LITTLE_S)
    _maybe_kill(arena, worker)
    for _ in range(2):  # a plan may have been made before the step, and another be made meanwhile
        arena.back_at_work("a clock was set back a little")
    stands = arena.watch.planned_ms()
    arena.until(arena.all_commit(), "the next commits")
    planned = arena.watch.planned_ms()
    if went_on := [shard for shard in worker.shards if planned[shard] != stands[shard]]:
        arena.wrong.append(f"the plans' time of shards {went_on} did not stand still")
    arena.count("steps back that are tolerated")


def _forward(arena: Arena, worker: Worker, own: Clock) -> None:
    own.step(STEP_S)
    _maybe_kill(arena, worker)
    # Until each of its shards has a plan of that time, the clock could go back unseen.
    arena.until(lambda: own.behind_s() > -STEP_S / 2, "each shard has a plan of the new time")
    arena.back_at_work("a clock was set forward")
    arena.count("steps forward")


def _back(arena: Arena, worker: Worker, own: Clock) -> None:
    """It is refused, whoever looks at the clock; and goes on when the clock is right again."""
    worker.revived = False
    between_lives = arena.rng.random() < 0.5
    if between_lives:
        arena.crew.kill(worker)
    own.step(-STEP_S)
    behind_s = own.behind_s()
    if between_lives:
        arena.crew.next_life(worker)
    if behind_s * 1000 <= CLOCK_BACK_MS:
        arena.wrong.append(f"expected a clock that is too far behind, got {behind_s:.0f} s")
    arena.until(lambda: worker.process.exit_code() is not None, "going on is refused", 60)
    code, process = worker.process.exit_code(), worker.process
    if code != REFUSED or not said(process, REFUSAL):
        last = " | ".join(process.last_lines(1))
        arena.wrong.append(
            f"{process.name}: expected exit code {REFUSED} and {REFUSAL!r}, got {code}, {last!r}"
        )
    arena.count("steps back that are refused")
    own.step(STEP_S)
    worker.died_at, worker.commits = time.monotonic(), arena.watch.look()
    arena.crew.next_life(worker)
    worker.revived = True
    arena.until(lambda: worker.died_at is None, "it goes on when the clock is right again")


def _maybe_kill(arena: Arena, worker: Worker) -> None:
    """Half of the steps are seen by a new life."""
    if arena.rng.random() < 0.5:
        arena.crew.kill(worker)
        arena.until(lambda: worker.died_at is None, "the worker is back at work")


FAULTS = [
    Fault(
        "worker-clock",
        "a worker's clock is set forward and back by 10 min, in a life or between two",
        steps,
        full_s=120,
        stage=Stage(under=by_its_file, rate=500, backlog=2_000),
    )
]
