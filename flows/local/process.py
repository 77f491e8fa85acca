"""A process of ours: started with a log file, stopped within a bound, never left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

LINUX = sys.platform == "linux"

# Becomes the program it is given, after asking Linux for SIGKILL when its parent is gone, even by
# kill -9. A program of its own and not a preexec_fn, which must not be used where threads run.
# (Linux means the parent's *thread*: start processes from one that lives as long as they shall.)
# Elsewhere nothing like it exists; there only an orderly end stops the children.
LEASH = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 = PR_SET_PDEATHSIG, from linux/prctl.h
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execve(sys.argv[2], sys.argv[2:], os.environ)
"""


def leashed(command: Sequence[str]) -> list[str]:
    """`command`, as a child of this process that does not outlive it where that can be had."""
    leash = [sys.executable, "-I", "-S", "-c", LEASH, str(os.getpid())] if LINUX else []
    return [*leash, *command]


class Process:
    """A running program in a session of its own, so that a terminal's Ctrl-C does not reach it.

    stderr goes to the file `log`, stdout to `out` (the same file unless given); both begin anew.
    Files, not pipes: nobody must read for the program to go on.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        out: Path | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._grace_s: float | None = None
        """How long it was waited for in vain, once it was."""
        log.parent.mkdir(parents=True, exist_ok=True)
        self.out = out or log
        with log.open("wb") as sink, self.out.open("wb") as printed:
            self._popen = subprocess.Popen(
                leashed(command),
                stdin=subprocess.DEVNULL,
                stdout=sink if out is None else printed,
                stderr=sink,
                env=dict(env),
                cwd=cwd,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._popen.pid

    def exit_code(self) -> int | None:
        """Its exit code, minus the signal's number when a signal ended it; None while it runs."""
        return self._popen.poll()

    def ending(self) -> str:
        """How it ended, for people: `ended by itself (exit code 7)`."""
        code = self._popen.wait()
        if self._grace_s is not None:
            return f"did not end within {self._grace_s:.1f} s and was killed"
        if code >= 0:
            return f"ended by itself (exit code {code})"
        return f"was killed by signal {-code} ({signal.Signals(-code).name})"

    def printed(self) -> list[str]:
        """The lines of its stdout so far, complete ones only."""
        return [line for line in self.out.read_text().splitlines(True) if line.endswith("\n")]

    def terminate(self) -> None:
        """Ask it to end (SIGTERM); no wait."""
        if self.exit_code() is None:
            self._popen.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once (SIGKILL); no wait."""
        self._popen.kill()

    def stop(self, grace_s: float) -> int:
        """SIGTERM, at most `grace_s` seconds, then SIGKILL; its exit code."""
        self.terminate()
        return self.wait_or_kill(grace_s)

    def wait_or_kill(self, grace_s: float) -> int:
        """Its exit code, once it has ended; SIGKILL after `grace_s` seconds."""
        try:
            return self._popen.wait(grace_s)
        except subprocess.TimeoutExpired:
            self._grace_s = grace_s
            self._popen.kill()
            return self._popen.wait()

    def last_lines(self, count: int = 10) -> list[str]:
        """The last `count` lines of its log that are not empty."""
        with self.log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 16_384))
            text = file.read().decode(errors="replace")
        return [line for line in text.splitlines() if line.strip()][-count:]
