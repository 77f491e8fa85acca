"""The warehouse's writer: `touchline run warehouse` beside the workers, started again when killed.

Its folder is watched from outside, by the versions of its tables; its memory by /proc.
"""

import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from flows.loader.append import MOST_SECONDS
from flows.local.process import Process
from tests.faults.stage.armed_writer import NEVER, POINTS
from tests.faults.stage.crew import CLI, STOP_S, until_ready
from tests.faults.stage.small_disk import SmallDisk
from tests.faults.stage.usage_watch import look
from tests.faults.world import ROOT, World

ARMED = "tests.faults.stage.armed_writer"
MAIN = "touchpoints"
"""The table that always has rows to come."""
AWAY = "the warehouse is not available, waiting"
LOOK_EVERY_S = 0.5
MAY_HOLD_MB = 550
"""What the writer may take beyond its rest: both tables' buffers as full as they may be (MOST_ROWS,
MOST_BYTES), as rows, as columns and as files that are being compressed. It comes to that when it
catches up; measured with records of 1 and of 6 KB."""
Dice = Callable[[int], random.Random]
"""What a life draws from: which of its lives."""


class Warehouse(Struct, frozen=True):
    """That a stage has one, and of which kind."""

    disk_mb: int = 0
    """0: it lies on the machine's disk; else on one of its own, of that size."""
    every_s: float = MOST_SECONDS
    """Rows wait so long at most before they are committed."""
    slow_s: float = 0.0
    """So much longer each commit takes."""


class Writer:
    """Belongs to the thread that lives longest, as the crew does."""

    def __init__(self, kind: Warehouse, world: World, folder: Path) -> None:
        """Nothing is started before `start`."""
        self._kind, self._world, self._folder = kind, world, folder
        at = folder / "warehouse"
        self.disk = SmallDisk(at, kind.disk_mb) if kind.disk_mb else None
        self.place = at / "tables"
        """The warehouse's folder."""
        self.process: Process | None = None
        self.lives = 0
        self.dice: Dice | None = None
        """Set: half of the next lives end at named points."""
        self.armed = ""
        """Where this life ends by itself; empty for nowhere."""
        self.died_at: float | None = None
        """When it was killed last (monotonic), until there is a new commit."""
        self.kills = 0
        self.at_points: dict[str, int] = {}
        self.recoveries: list[float] = []
        """Seconds from a kill until there was a new commit."""
        self.looks: list[float] = []
        """Its resident memory in MB, twice a second through all its lives."""
        self.trouble: list[str] = []
        self._revived, self._looked_at, self._version = True, 0.0, -1

    def start(self) -> None:
        """Ready when this returns."""
        if self.disk is not None:
            self.disk.mount()
        self.place.parent.mkdir(parents=True, exist_ok=True)
        self._launch()
        until_ready(self._running(), flow="warehouse")

    def version(self, table: str = MAIN) -> int:
        """Of the last commit of `table`; -1 where none is to be seen."""
        commits = (self.place / table / "_delta_log").glob("[0-9]*.json")
        return max((int(commit.stem) for commit in commits), default=-1)

    def complaints(self) -> int:
        """How often this life has said that it waits for its place."""
        return self._running().log.read_text(errors="replace").count(AWAY)

    def new_commit(self) -> Callable[[], bool]:
        """Whether there is a commit that there is not now."""
        before = self.version()
        return lambda: self.version() > before

    def kill(self) -> None:
        """kill -9, and gone when this returns."""
        self._running().kill()
        self._running().wait_or_kill(STOP_S)
        self._died()

    def tend(self) -> None:
        """See whether it died or is back, start it again, and look at its memory."""
        if self.process is None:
            return
        code = self.process.exit_code()
        if code is None:
            self._look()
            if self.died_at is not None and self.version() > self._version:
                self.recoveries.append(time.monotonic() - self.died_at)
                self.died_at = None
            return
        if code == -signal.SIGKILL and self.armed:
            self.at_points[self.armed] = self.at_points.get(self.armed, 0) + 1
            self._died()
        if self._revived and not self._is_trouble(code, -signal.SIGKILL):
            self._launch()

    def stop(self) -> None:
        """SIGTERM; it must write what it has, and end by itself with 0."""
        self._revived = False
        self._is_trouble(self._running().stop(STOP_S), 0)
        self.process = None

    def close(self) -> None:
        """End what is left, however."""
        self._revived = False
        if self.process is not None:
            self.process.kill()
            self.process.wait_or_kill(STOP_S)
        if self.disk is None:
            return
        if self.place.is_dir():
            # What lies on it goes with it, and may be wanted to see what was wrong.
            shutil.copytree(self.place, self._folder / "tables", dirs_exist_ok=True)
        self.disk.unmount()

    def _running(self) -> Process:
        assert self.process is not None, "the writer was not started"
        return self.process

    def _died(self) -> None:
        self.kills += 1
        self.armed = ""
        self.died_at, self._version = time.monotonic(), self.version()

    def _is_trouble(self, code: int, expected: int) -> bool:
        if code != expected:
            process = self._running()
            last = " | ".join(process.last_lines(2))
            self.trouble.append(f"{process.name} ended with {code}: {last}")
            self._revived = False
        return code != expected

    def _look(self) -> None:
        if time.monotonic() - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = time.monotonic()
        if (seen := look(self._running().pid)) is not None:
            self.looks.append(seen.memory_mb)

    def _launch(self) -> None:
        self.lives += 1
        name = f"warehouse-life-{self.lives}"
        self.process = Process(
            name,
            [sys.executable, "-m", *self._program(), "run", "warehouse"],
            self._folder / f"{name}.log",
            env={**self._world.environment, "TOUCHLINE_WAREHOUSE_URL": str(self.place)},
            cwd=ROOT,
        )

    def _program(self) -> Sequence[str]:
        """As an operator runs it, unless this stage or this life has it otherwise."""
        kind, arms = self._kind, [NEVER, "0", "0"]
        draws = None if self.dice is None else self.dice(self.lives)
        if draws is not None and draws.random() < 0.5:
            self.armed = draws.choice(list(POINTS))
            nth = draws.randint(1, 2 if self.armed[0] == "0" else 8)
            arms = [self.armed, str(nth), f"{draws.random():.2f}"]
        if kind.every_s == MOST_SECONDS and not kind.slow_s and not self.armed:
            return [CLI]
        return [ARMED, f"{kind.every_s}", f"{kind.slow_s}", *arms]
