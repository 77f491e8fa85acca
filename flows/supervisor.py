"""Several workers of one program as children: started, started again, and ended together.

A worker tells on stdout, in one line, that it is ready. What it says on stderr is said here with
its place in front. On Linux no child outlives this process, even after kill -9; elsewhere only an
orderly end sees to that.
"""

import io
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue

from msgspec import Struct

from flows.local.process import leashed
from flows.restarts import Restarts

GRACE_S = 30.0
"""How long the workers may take to finish the flush at hand when they are told to stop."""


WHY = "Error: "
"""Begins the line in which a worker says why it ends."""


class Ready(Struct, frozen=True):
    """Worker `number` is ready; `line` is what it printed."""

    number: int
    line: bytes


class Ended(Struct, frozen=True):
    """Worker `number` has ended; `code` as of Restarts."""

    number: int
    code: int


class Stop(Struct, frozen=True):
    """A signal asks to end."""


Event = Ready | Ended | Stop
ReadyHook = Callable[[int, bytes], None]
"""Is told a worker's number and the line it printed."""


class Worker(Struct, frozen=True):
    """What to run."""

    command: Sequence[str]
    env: Mapping[str, str]


class GaveUp(Exception):
    """A worker cannot stay up; the text says which and why, `code` is its exit code."""

    def __init__(self, said: str, code: int) -> None:
        super().__init__(said)
        self.code = code


class _Child:
    """A running worker; a thread reads each of its outputs."""

    def __init__(
        self, name: str, number: int, worker: Worker, events: "SimpleQueue[Event]"
    ) -> None:
        self.last_word = ""
        """Its last line on stderr, where that says why it ends: it is not said yet."""
        self._popen = subprocess.Popen(
            leashed(worker.command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(worker.env),
            start_new_session=True,  # a terminal's Ctrl-C comes to us, and from us to it
        )
        for read in (self._read_stdout, self._read_stderr):
            threading.Thread(target=read, args=(name, number, events), daemon=True).start()

    def _read_stdout(self, _name: str, number: int, events: "SimpleQueue[Event]") -> None:
        with self._popen.stdout or io.BytesIO() as lines:
            for line in lines:
                events.put(Ready(number, line.strip()))

    def _read_stderr(self, name: str, number: int, events: "SimpleQueue[Event]") -> None:
        with self._popen.stderr or io.BytesIO() as lines:
            for line in lines:
                text = line.decode(errors="replace").rstrip()
                if not text:
                    continue
                self.say_last_word(name)
                if text.startswith(WHY):
                    self.last_word = text
                else:
                    _say(f"[{name}] {text}")
        events.put(Ended(number, self._popen.wait()))

    def say_last_word(self, name: str) -> None:
        """If there is one."""
        if self.last_word:
            _say(f"[{name}] {self.last_word}")
        self.last_word = ""

    def terminate(self) -> None:
        self._popen.terminate()

    def kill(self) -> None:
        self._popen.kill()


class Supervisor:
    """Runs its workers until it is stopped. It belongs to the thread that calls `run`, which must
    live as long as the workers shall; `stop` may be called from anywhere, a signal handler too."""

    def __init__(
        self, workers: Sequence[Worker], restarts: Callable[[], Restarts], ready: ReadyHook
    ) -> None:
        """`ready` is told of each worker that is ready: its number (from 1) and its line."""
        self._workers = workers
        self._restarts = {number: restarts() for number in range(1, len(workers) + 1)}
        self._ready = ready
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._children: dict[int, _Child] = {}
        self._due_s: dict[int, float] = {}
        """Worker that is to be started → when."""

    def stop(self) -> None:
        """Ask for an orderly end."""
        self._events.put(Stop())

    def run(self) -> None:
        """Until `stop`; then every worker is told to end, and has ended when this returns.

        Raises GaveUp when one cannot stay up, the others being ended, and when one that was told
        to end had to be killed or failed.
        """
        self._due_s = dict.fromkeys(self._restarts, time.monotonic())
        try:
            while not isinstance(event := self._next(), Stop):
                if isinstance(event, Ready):
                    self._ready(event.number, event.line)
                elif isinstance(event, Ended):
                    self._again(event)
        except BaseException:
            self._end()
            raise
        if failed := self._end():
            raise failed

    def _next(self) -> Event | None:
        """What happens next; None when workers were started."""
        now_s = time.monotonic()
        for number in [number for number, due_s in self._due_s.items() if due_s <= now_s]:
            del self._due_s[number]
            self._restarts[number].began(now_s)
            self._children[number] = _Child(
                self._name(number), number, self._workers[number - 1], self._events
            )
        wait_s = max(min(self._due_s.values()) - now_s, 0) if self._due_s else None
        try:
            return self._events.get(timeout=wait_s)
        except Empty:
            return None

    def _again(self, ended: Ended) -> None:
        child = self._children.pop(ended.number)
        now_s = time.monotonic()
        delay_s = self._restarts[ended.number].ended(now_s, ended.code)
        how = f"worker {self._name(ended.number)} {_how(ended.code)}"
        if delay_s is None:
            why = child.last_word.removeprefix(WHY)
            said = (
                f": {why}"
                if why
                else f"; what it said stands above, behind [{self._name(ended.number)}]"
            )
            raise GaveUp(how + said, _exit_code(ended.code))
        child.say_last_word(self._name(ended.number))
        _say(f"{how}; it is started again in {delay_s:g} s")
        self._due_s[ended.number] = now_s + delay_s

    def _end(self) -> GaveUp | None:
        """SIGTERM to all; SIGKILL to those that are left after GRACE_S, or at once when asked to
        stop again. What went wrong with the first that did not end well."""
        self._due_s = {}
        failed: GaveUp | None = None
        for child in self._children.values():
            child.terminate()
        until_s, killed = time.monotonic() + GRACE_S, False
        while self._children:
            try:
                wait_s = None if killed else max(until_s - time.monotonic(), 0)
                event = self._events.get(timeout=wait_s)
            except Empty:
                event = Stop()
            if isinstance(event, Ended):
                self._children.pop(event.number).say_last_word(self._name(event.number))
                if event.code and failed is None:
                    how = f"worker {self._name(event.number)} {_how(event.code)}, told to stop"
                    failed = GaveUp(how, _exit_code(event.code))
            elif isinstance(event, Stop) and not killed:
                killed = True
                why = (
                    "has not ended in time" if time.monotonic() >= until_s else "is not waited for"
                )
                for number, child in self._children.items():
                    _say(f"worker {self._name(number)} {why} and is killed")
                    child.kill()
        return failed

    def _name(self, number: int) -> str:
        return f"{number}/{len(self._workers)}"


def _say(text: str) -> None:
    """The workers go on when nobody reads what they say."""
    with suppress(OSError):
        sys.stderr.write(f"{text}\n")


def _how(code: int) -> str:
    if code >= 0:
        return f"ended by itself (exit code {code})"
    return f"was killed by signal {-code} ({signal.Signals(-code).name})"


def _exit_code(code: int) -> int:
    """As a shell has it; never 0, since ending was not asked for."""
    return 128 - code if code < 0 else code or 1
