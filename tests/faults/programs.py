"""Programs as child processes, as `subprocess.Popen` starts them, but for what a start costs.

A child is forked from a process that has loaded the flow and its commands and does
nothing else: no interpreter begins anew, no module and no playbook is read again, which is two
seconds of a core each time. Arguments, environment, folder and streams are as they would be. All
children have one hash seed, so they would walk a set of texts in one order; the judge, who compares
their bytes with its own, has another.
"""

import io
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STREAMS = {"stdin": 0, "stdout": 1, "stderr": 2}
"""Name → its number in the child."""

Streams = Mapping[str, "Connection[Any, Any]"]
"""Name → the child's end."""

forks = multiprocessing.get_context("forkserver")
"""All that is forked in the tests comes from one process."""
forks.set_forkserver_preload(
    [
        "flows.commands.accept_recreated",
        "flows.commands.dlq.replay",
        "flows.commands.rebuild",
        "flows.commands.run",
        "flows.decide",
        "flows.touchpoints",
        "tests.faults.mutants.orders",
        "tests.faults.usual_playbook",
    ]
)


class Child:
    """`python WORDS...` in the repository's folder; `streams`: those of it that are asked for.

    With a `log` what it says goes to that file. It ends with this process, and with this object.
    """

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        *streams: str,
        log: Path | None = None,
    ) -> None:
        self.words = tuple(words)
        self._files: dict[str, io.TextIOWrapper] = {}
        self._readings: dict[str, _Reading] = {}
        theirs = {}
        for name in streams:
            reader, writer = forks.Pipe(duplex=False)
            ours, theirs[name] = (writer, reader) if name == "stdin" else (reader, writer)
            number = os.dup(ours.fileno())
            self._files[name] = os.fdopen(number, "w" if name == "stdin" else "r")
            ours.close()
        told = self.words, dict(environment), theirs, log
        self._process = forks.Process(target=_carry_out, args=told, daemon=True)
        self._process.start()
        for end in theirs.values():
            end.close()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def stdout(self) -> io.TextIOWrapper:
        return self._files["stdout"]

    @property
    def stderr(self) -> io.TextIOWrapper:
        return self._files["stderr"]

    @property
    def returncode(self) -> int | None:
        """Its exit code, -9 for a SIGKILL; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """`returncode`."""
        return self.returncode

    def communicate(self, said: str = "", timeout: float | None = None) -> tuple[str, str]:
        """Say that on its stdin, and wait for its end: what is left of its stdout and stderr.

        Raises subprocess.TimeoutExpired, and may be called again then.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        if (stdin := self._files.pop("stdin", None)) is not None:
            with suppress(BrokenPipeError), stdin:
                stdin.write(said)
        for name in self._files.keys() - self._readings.keys():
            self._readings[name] = _Reading(self._files[name])
        for join in (*(reading.join for reading in self._readings.values()), self._process.join):
            join(None if deadline is None else max(deadline - time.monotonic(), 0))
        if self.returncode is None or any(r.is_alive() for r in self._readings.values()):
            assert timeout is not None
            raise subprocess.TimeoutExpired(self.words, timeout)
        out, err = (self._readings.get(name) for name in ("stdout", "stderr"))
        return out.text if out else "", err.text if err else ""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        if self.returncode is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired(self.words, timeout)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Nothing happens to one that has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self._process.terminate()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()


class _Reading(threading.Thread):
    """Of a stream to its end, which closes it."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        super().__init__(daemon=True)
        self._stream, self.text = stream, ""
        self.start()

    def run(self) -> None:
        with self._stream:
            self.text = self._stream.read()


def _carry_out(
    words: tuple[str, ...],
    environment: dict[str, str],
    streams: "Mapping[str, Connection[Any, Any]]",
    log: Path | None,
) -> None:
    """Be `python WORDS...`, in the process that was forked for it."""
    threading.Thread(target=_end_with_the_test, daemon=True).start()
    for name, end in streams.items():
        os.dup2(end.fileno(), STREAMS[name])
        end.close()
        mode = "r" if name == "stdin" else "w"
        setattr(sys, name, open(STREAMS[name], mode, 1, closefd=False))  # noqa: SIM115 - by lines
    if log is not None:
        sink = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for name in ("stdout", "stderr"):
            os.dup2(sink, STREAMS[name])
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    first, *rest = words
    if first == "-m":
        module, *options = rest
        sys.argv = [module, *options]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    elif first == "-c":
        code, *options = rest
        sys.argv = ["-c", *options]
        exec(code, {"__name__": "__main__"})
    else:
        sys.argv = [first, *rest]
        runpy.run_path(first, run_name="__main__")


def _end_with_the_test() -> None:
    test = multiprocessing.parent_process()
    assert test is not None
    test.join()
    os.kill(os.getpid(), signal.SIGKILL)
