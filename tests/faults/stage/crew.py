"""The workers of a run: `touchline run touchpoints` as processes, started again when they die."""

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field

from flows.local.process import Process
from tests.faults.failpoints import POINTS
from tests.faults.stage.fence_watch import FenceWatch
from tests.faults.stage.forked import Launch
from tests.faults.world import ROOT, World

STOP_S = 40.0
CLI = "flows.cli"
ARMED = "tests.faults.stage.armed"
Dice = Callable[[int, int], random.Random]
"""What a life draws from: (the worker's number, which of its lives)."""
Under = Callable[[Path, int], Sequence[str]]
"""(The run's folder, a worker's number) → the module that its lives are started under, and what
that is told before the words of `touchline`."""


def plainly(_folder: Path, _number: int) -> Sequence[str]:
    """As an operator starts it."""
    return [CLI]


def started(name: str, words: Sequence[str], log: Path, environment: Mapping[str, str]) -> Process:
    """As an operator starts it: an interpreter of its own."""
    return Process(name, [sys.executable, *words], log, env=environment, cwd=ROOT)


class Worker(Struct, eq=False):
    """Process N of M, through all its lives."""

    number: int
    of: int
    shards: range
    """Those it may have: in a group all, as Kafka says which."""
    process: Process
    lives: int = 1
    revived: bool = True
    """Whether it is started again when it was killed."""
    armed: str = ""
    """Where this life ends by itself; empty for nowhere."""
    died_at: float | None = None
    """When it was killed last (monotonic), until it is back at work."""
    commits: dict[int, int] = field(default_factory=dict)
    """Shard → last commit when it was killed."""

    def is_back(self, commits: dict[int, int]) -> bool:
        """Whether each of its shards has a commit that it had not when it was killed."""
        return all(commits.get(s, 0) > self.commits.get(s, 0) for s in self.shards)


class Crew:
    """Belongs to the thread that lives longest: its processes end with that."""

    def __init__(
        self,
        world: World,
        folder: Path,
        watch: FenceWatch,
        settings: dict[str, str],
        under: Under = plainly,
        launch: Launch = started,
    ) -> None:
        self._world, self._folder, self._watch, self._settings = world, folder, watch, settings
        self._under, self._start = under, launch
        self._in_group = settings.get("TOUCHLINE_ASSIGNMENT") == "group"
        self._names = 0
        self.workers: list[Worker] = []
        self.kills = 0
        self.recoveries: list[float] = []
        """Seconds from a kill until each of its shards had a new commit. Of one that was killed
        again before that, from the last kill."""
        self.at_points: dict[str, int] = {}
        """Named point → how often a worker died there."""
        self.trouble: list[str] = []
        """Workers that ended in a way that nobody asked for."""

    def start(self, processes: int) -> None:
        """All shards, evenly, and ready when this returns."""
        for number in range(1, processes + 1):
            self.add(number, processes)
        for worker in self.workers:
            until_ready(worker.process)

    def add(self, number: int, of: int) -> Worker:
        """Start one more: N of M."""
        partitions = self._world.partitions
        shards = range(partitions) if self._in_group else range(number - 1, partitions, of)
        worker = Worker(number, of, shards, self._launch(number, of, ()))
        self.workers.append(worker)
        return worker

    def kill(self, worker: Worker) -> None:
        """kill -9, and gone when this returns."""
        worker.process.kill()
        worker.process.wait_or_kill(STOP_S)
        self._died(worker)

    def freeze(self, worker: Worker) -> None:
        """SIGSTOP."""
        os.kill(worker.process.pid, signal.SIGSTOP)

    def thaw(self, worker: Worker) -> None:
        """SIGCONT."""
        os.kill(worker.process.pid, signal.SIGCONT)

    def tend(self, dice: Dice | None = None) -> None:
        """See who died and who is back. With `dice` some of the next lives end at named points."""
        commits = self._watch.commits()
        for worker in self.workers:
            code = worker.process.exit_code()
            if code == -signal.SIGKILL and worker.armed and worker.revived:
                self.at_points[worker.armed] = self.at_points.get(worker.armed, 0) + 1
                self._died(worker)
            elif code is None and worker.died_at is not None and worker.is_back(commits):
                self.recoveries.append(time.monotonic() - worker.died_at)
                worker.died_at = None
            if code is not None and worker.revived:
                self._revive(worker, code, dice)

    def next_life(self, worker: Worker, arms: Sequence[str] = ()) -> None:
        """Start it again, which has ended; `arms`: where this life ends by itself."""
        worker.lives += 1
        worker.armed = arms[0] if arms else ""
        worker.process = self._launch(worker.number, worker.of, arms)

    def retire(self, worker: Worker) -> int:
        """SIGTERM, and gone for good; the exit code."""
        worker.revived = False
        self.workers.remove(worker)
        return worker.process.stop(STOP_S)

    def stop(self) -> None:
        """SIGTERM to all; each must end by itself, with 0."""
        for worker in self.workers:
            worker.revived = False
            worker.process.terminate()
        for worker in self.workers:
            code = worker.process.wait_or_kill(STOP_S)
            if code != 0:
                self._troubled(worker, code)
        self.workers.clear()

    def abandon(self) -> None:
        """End what is left, however."""
        for worker in self.workers:
            worker.process.kill()

    def _died(self, worker: Worker) -> None:
        self.kills += 1
        worker.died_at = time.monotonic()
        worker.commits = self._watch.look()

    def _revive(self, worker: Worker, code: int, dice: Dice | None) -> None:
        if code != -signal.SIGKILL:
            self._troubled(worker, code)
            worker.revived = False
            return
        arms: tuple[str, ...] = ()
        draws = None if dice is None else dice(worker.number, worker.lives + 1)
        if draws is not None and draws.random() < 0.5:
            point = draws.choice(list(POINTS))
            nth = 1 if point[0] == "0" else draws.randint(1, 12)
            arms = (point, str(nth), f"{draws.random():.2f}")
        self.next_life(worker, arms)

    def _launch(self, number: int, of: int, arms: Sequence[str]) -> Process:
        self._names += 1
        name = f"worker-{number}-of-{of}-life-{self._names}"
        program = [ARMED, *arms] if arms else self._under(self._folder, number)
        told = [] if self._in_group else ["--worker", f"{number}/{of}"]
        words = ["-m", *program, "run", "touchpoints", *told]
        environment = {**self._world.environment, **self._settings}
        return self._start(name, words, self._folder / f"{name}.log", environment)

    def _troubled(self, worker: Worker, code: int) -> None:
        last = " | ".join(worker.process.last_lines(2))
        self.trouble.append(f"{worker.process.name} ended with {code}: {last}")


def said(process: Process, words: str) -> bool:
    """Whether its log has `words`."""
    return words in process.log.read_text(errors="replace")


def until_ready(process: Process, within_s: float = 60, flow: str = "touchpoints") -> None:
    """Wait until it says so. Raises RuntimeError, with its last words, when it ends or does not."""
    deadline = time.monotonic() + within_s
    while not said(process, f"{flow} is ready"):
        if process.exit_code() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.name} is not ready: {process.last_lines(3)}")
        time.sleep(0.02)
