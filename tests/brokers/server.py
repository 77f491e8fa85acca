"""A server that a test may break: it keeps its port and its data, whatever is done to it."""

import os
import random
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from flows.local.ports import LOOPBACK, PortTaken, loopback_port
from flows.local.process import Process
from flows.local.services import ServiceError

START_S = 90.0
STOP_S = 20.0


class Server(ABC):
    """A server on a loopback port, in a folder of its own; not started yet.

    Each start writes a log file of its own beside the data, `NAME-1.log`, `NAME-2.log`, ...
    The process ends with this one, as far as the system can see to that (see `Process`).
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder, self.port = name, folder, kept_port()
        self._process: Process | None = None
        self._starts = 0
        self._frozen = False

    @property
    def address(self) -> str:
        """host:port."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def process(self) -> Process:
        """What was started last."""
        assert self._process is not None, f"{self.name} was never started"
        return self._process

    @property
    def pid(self) -> int:
        """The id of the process that was started last."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether there is a process, be it frozen."""
        return self._process is not None and self._process.exit_code() is None

    def start(self) -> None:
        """Start with the data that is there, and wait until it answers. Raises ServiceError."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start, without waiting for anything."""
        assert not self.running, f"{self.name} runs already"
        self.folder.mkdir(parents=True, exist_ok=True)
        command = self.command()
        self._starts += 1
        log = self.folder / f"{self.name}-{self._starts}.log"
        self._process = Process(self.name, command, log, env=os.environ, cwd=self.folder)

    def wait_until_ready(self) -> None:
        """Wait until it serves. Raises ServiceError when it ends, or does not within START_S."""
        deadline = time.monotonic() + START_S
        while not self.ready():
            ended = self.process.exit_code() is not None
            if ended or time.monotonic() > deadline:
                how = self.process.ending() if ended else f"does not answer after {START_S:.0f} s"
                self.kill()
                lines = "\n  ".join(self.process.last_lines(8))
                raise ServiceError(f"{self.name} {how}; see {self.process.log}:\n  {lines}")
            time.sleep(0.02)

    def stop(self) -> int:
        """An orderly end (SIGTERM; SIGKILL after STOP_S seconds), of a frozen one too; the exit
        code."""
        self.thaw()
        return self.process.stop(STOP_S)

    def kill(self) -> None:
        """kill -9, and gone when this returns. Nothing happens to one that is down."""
        if self.running:
            self.process.kill()  # alone: a SIGTERM before it would begin an orderly end
            self.process.wait_or_kill(STOP_S)
        self._frozen = False

    def freeze(self) -> None:
        """SIGSTOP: it answers nothing and keeps its connections. Frozen when this returns."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)
        self._frozen = True

    def thaw(self) -> None:
        """SIGCONT: it goes on. Nothing happens to one that is not frozen."""
        if self._frozen and self.running:
            os.kill(self.pid, signal.SIGCONT)
        self._frozen = False

    def restart(self) -> None:
        """Up again on the same port with the data that is there; stopped in order before, unless
        it is down."""
        if self.running:
            self.stop()
        self.start()

    def restore(self) -> None:
        """Up and answering, whatever a test has done to it."""
        self.thaw()
        if not self.running:
            self.start()
        self.wait_until_ready()

    @abstractmethod
    def command(self) -> Sequence[str]:
        """What to run; makes the data's folder when there is none."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether it serves what it is asked, now."""


def kept_port() -> int:
    """A free port that the system gives to nobody as the near end of a connection: a server that is
    down for a while finds it free again."""
    for port in random.Random().sample(range(20_000, 32_000), 100):
        try:
            return loopback_port(port, "")
        except PortTaken:
            continue
    raise ServiceError("no free port between 20000 and 32000 on loopback")
