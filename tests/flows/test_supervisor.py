"""Workers are started, started again and ended together, and none is left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

from flows import supervisor
from flows.local.process import LINUX
from flows.restarts import Restarts
from flows.supervisor import GaveUp, Supervisor, Worker
from tests.flows.test_local_services import gone, until

ROOT = Path(__file__).resolve().parents[2]
WAITS = "import os, signal, time; print(os.getpid(), flush=True); time.sleep(60)"
ENDS = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0));" + WAITS
IGNORES = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + WAITS
FAILS = "import sys; sys.stderr.write('what a day\\nError: no luck\\n\\n'); sys.exit(7)"


class Policy:
    """Gives up at the crash after `restarts` of them; none is waited for."""

    def __init__(self, restarts: int) -> None:
        self._left = restarts

    def began(self, now_s: float) -> None:
        """It does not matter when."""

    def ended(self, now_s: float, code: int) -> float | None:
        self._left -= 1
        return 0.0 if self._left >= 0 else None


class Crew:
    """A supervisor of Python programs, and what its workers have printed when they were ready."""

    def __init__(
        self, *programs: str, restarts: int = 0, env: dict[str, str] | None = None
    ) -> None:
        workers = [Worker((sys.executable, "-c", p), env or {}) for p in programs]

        def policy() -> Restarts:
            return cast(Restarts, Policy(restarts))

        self.supervisor = Supervisor(workers, policy, self._ready)
        self.ready: list[tuple[int, int]] = []
        """(worker's number, its process's id)."""
        self.stop_at = len(programs)

    def _ready(self, number: int, line: bytes) -> None:
        self.ready.append((number, int(line)))
        if len(self.ready) == self.stop_at:
            self.supervisor.stop()

    def run(self) -> None:
        try:
            self.supervisor.run()
        finally:
            assert all(gone(pid) for _, pid in self.ready)


def test_all_are_ended_in_order_when_it_is_told_to_stop() -> None:
    crew = Crew(ENDS, ENDS, ENDS)
    crew.run()
    assert sorted(number for number, _ in crew.ready) == [1, 2, 3]


def test_one_that_crashes_is_started_again_and_the_others_go_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    been = tmp_path / "been"
    once = f"import pathlib; p = pathlib.Path({str(been)!r}); new = not p.exists(); p.touch();"
    crew = Crew(ENDS, f"{once}\nif new: {FAILS}\n{ENDS}", restarts=1)
    crew.run()
    assert sorted(number for number, _ in crew.ready) == [1, 2]
    said = capfd.readouterr().err
    assert "[2/2] what a day\n[2/2] Error: no luck\n" in said
    assert "worker 2/2 ended by itself (exit code 7); it is started again in 0 s\n" in said


def test_when_one_cannot_stay_up_the_others_are_ended_and_it_is_named_with_its_last_word(
    capfd: pytest.CaptureFixture[str],
) -> None:
    crew = Crew(ENDS, FAILS)
    crew.stop_at = 99
    with pytest.raises(GaveUp, match=r"worker 2/2 ended by itself \(exit code 7\): no luck") as up:
        crew.run()
    assert up.value.code == 7
    assert capfd.readouterr().err == "[2/2] what a day\n"  # its last word is in the error


def test_one_that_was_killed_counts_as_crashed_with_the_exit_code_a_shell_gives_it() -> None:
    killed = "import os; os.kill(os.getpid(), 9)"
    with pytest.raises(GaveUp, match=r"worker 1/1 was killed by signal 9 \(SIGKILL\)") as up:
        Crew(killed).run()
    assert up.value.code == 128 + 9


def test_one_that_does_not_end_when_told_to_is_killed_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(supervisor, "GRACE_S", 0.0)
    crew = Crew(IGNORES)
    with pytest.raises(GaveUp):
        crew.run()
    assert "worker 1/1 has not ended in time and is killed" in capfd.readouterr().err


def test_asked_to_stop_a_second_time_it_waits_no_longer_and_says_so(
    capfd: pytest.CaptureFixture[str],
) -> None:
    crew = Crew(IGNORES)
    ready = crew.supervisor._ready

    def twice(number: int, line: bytes) -> None:
        ready(number, line)
        crew.supervisor.stop()

    crew.supervisor._ready = twice
    with pytest.raises(GaveUp, match="SIGKILL"):
        crew.run()
    assert "worker 1/1 is not waited for and is killed" in capfd.readouterr().err


@pytest.mark.skipif(not LINUX, reason="only Linux ends children with a killed parent")
def test_no_worker_survives_a_supervisor_that_was_killed_hard() -> None:
    code = (
        "import sys; from flows.supervisor import *;"
        f"Supervisor([Worker((sys.executable, '-c', {ENDS!r}), {{}})] * 2, object,"
        "lambda number, line: print(int(line), flush=True)).run()"
    ).replace("object", "lambda: Restarts(frozenset())")
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        pids = [int(parent.stdout.readline()) for _ in range(2)]
        parent.send_signal(signal.SIGKILL)
    assert until(lambda: all(map(gone, pids)))
