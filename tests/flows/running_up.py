"""`touchline up` as a child, with stand_in.py in the place of the flows and the simulator."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flows.local.process import LINUX

ROOT = Path(__file__).parents[2]
UP = f"""
import sys
import flows.local.stack
flows.local.stack.TOUCHLINE = (sys.executable, {str(Path(__file__).with_name("stand_in.py"))!r})
from flows.cli import main
main()
"""
REAL = """
from flows.cli import main
main()
"""
"""As `UP`, with the flows and the simulator that a user gets."""


@contextmanager
def up(
    folder: Path, *options: str, mood: str = "", program: str = UP, **more: Any
) -> Iterator["subprocess.Popen[str]"]:
    """A running `up` in `folder`; afterwards nothing runs there any more."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "STAND_IN": mood,
        "TOUCHLINE_PLAYBOOK": str(ROOT / "playbooks" / "retail.yaml"),
        **more.pop("env", {}),
    }
    ignored = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # or tests under nohup would wait
    process = subprocess.Popen(
        [sys.executable, "-c", program, "up", *options],
        cwd=folder,
        env=environment,
        stdout=more.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )
    signal.signal(signal.SIGHUP, ignored)
    try:
        yield process
        process.wait(20)
    finally:
        process.kill()
        process.communicate()
    if LINUX:
        assert left_in(folder) == {}


def left_in(folder: Path) -> dict[int, str]:
    """Processes that work in `folder`, after a moment for the dead; see `working_in`."""
    deadline = time.monotonic() + 2
    while (left := working_in(folder)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def working_in(folder: Path) -> dict[int, str]:
    """Process id → command line, of those whose working directory is `folder` or in it."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(folder):
                found[int(process.name)] = (process / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
    return found


def ready(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout is not None
    text = process.stdout.readline()
    if not text:
        process.kill()
        pytest.fail(f"it ended before it was ready: {process.communicate()[1]}")
    line: dict[str, Any] = json.loads(text)
    return line


def simulated(folder: Path) -> dict[str, Any]:
    """What the stand-in for the simulator prints once it runs."""
    printed = folder / ".touchline" / "logs" / "simulator.out"
    while not printed.read_text().endswith("\n"):
        time.sleep(0.02)
    line: dict[str, Any] = json.loads(printed.read_text())
    return line


def listens(address: str) -> bool:
    host, _, port = re.sub(r"^\w+://|/.*", "", address).partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def seen_on_terminal(folder: Path, **environment: str) -> str:
    """What a short `up --demo` writes to a terminal."""
    ours, theirs = os.openpty()
    seen = b""
    with up(folder, "--demo", "--for", "0.8", stdout=theirs, env=environment) as process:
        os.close(theirs)
        while True:
            try:
                seen += os.read(ours, 4096)
            except OSError:  # the terminal has no other end any more
                break
    os.close(ours)
    assert process.returncode == 0
    return seen.decode()


def until_told(
    process: "subprocess.Popen[str]", expected: Callable[[dict[str, Any]], bool]
) -> None:
    assert process.stdout is not None
    deadline = time.monotonic() + 20
    for line in process.stdout:
        if expected(json.loads(line)["numbers"]):
            return
        if time.monotonic() > deadline:
            break
    pytest.fail(f"not told in time; the last line: {line}")
