"""What every command does with a stdout that cannot be written, or that nobody reads any more."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import pytest

from flows.local.process import LINUX
from tests.flows.running_up import ROOT, up

TOUCHLINE = [sys.executable, "-m", "flows.cli"]
RETAIL = str(ROOT / "playbooks" / "retail.yaml")
SHORT = [
    ["--help"],
    ["check", "--help"],
    ["check", RETAIL],
    ["check", "--json", RETAIL],
    ["simulate", "--count", "20", "--out", "-"],
]

full_disk = pytest.mark.skipif(not LINUX, reason="only Linux has /dev/full")


def touchline(
    arguments: Sequence[str], stdout: int | IO[bytes], **environment: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*TOUCHLINE, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )


def closed(
    descriptors: str, arguments: Sequence[str], folder: Path
) -> "subprocess.CompletedProcess[str]":
    """`touchline` started by a shell with some of its descriptors closed."""
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {descriptors}', "sh", *TOUCHLINE, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def unread(arguments: Sequence[str], **environment: str) -> "subprocess.CompletedProcess[str]":
    ours, theirs = os.pipe()
    os.close(ours)
    try:
        return touchline(arguments, theirs, **environment)
    finally:
        os.close(theirs)


@full_disk
@pytest.mark.parametrize("arguments", SHORT, ids=" ".join)
def test_a_stdout_that_is_full_is_one_line_and_exit_code_1(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = touchline(arguments, full)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: stdout: cannot be written: No space left on device; ")


@pytest.mark.parametrize("arguments", SHORT, ids=" ".join)
def test_a_stdout_that_is_closed_is_one_line_and_exit_code_1(
    arguments: list[str], tmp_path: Path
) -> None:
    done = closed(">&-", arguments, tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: stdout: cannot be written: it is closed; ")


@pytest.mark.parametrize("arguments", SHORT, ids=" ".join)
def test_a_reader_that_has_gone_is_no_failure(arguments: list[str]) -> None:
    done = unread(arguments)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_wrong_stays_wrong_when_nobody_reads_it(tmp_path: Path) -> None:
    playbook = tmp_path / "wrong.yaml"
    playbook.write_text("titel: none\n")
    assert unread(["check", "--json", str(playbook)]).returncode == 1


@full_disk
@pytest.mark.usefixtures("kafka", "redis_url")
def test_up_that_cannot_write_its_first_line_stops_and_says_that_stdout_was_meant(
    tmp_path: Path,
) -> None:
    with (
        Path("/dev/full").open("wb") as full,
        up(tmp_path, "--json", "--for", "0.1", stdout=full) as process,
    ):
        _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert err.splitlines()[-1].startswith("Error: stdout: cannot be written: No space")


def test_lost_events_end_simulate_with_1_when_nobody_reads_of_them() -> None:
    code = """
from flows.cli import main
from flows.commands import simulate
from flows.simulate.run import Summary
simulate._into_kafka = lambda *_: Summary(
    events={}, duplicates=0, late=0, broken=0, answers={}, delivered=0, failed=1, seconds=1.0
)
main()
"""
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [sys.executable, "-c", code, "simulate", "--json"], cwd=ROOT, stdout=theirs, check=False
    )
    os.close(theirs)
    assert done.returncode == 1


@full_disk
def test_no_file_takes_the_place_of_a_closed_stream() -> None:
    code = """
import os
from flows.commands.streams import guarded
with guarded(endless=False):
    os._exit(os.open(os.devnull, os.O_RDONLY))
"""
    started = ["/bin/sh", "-c", 'exec "$@" >&- 2>&-', "sh", sys.executable, "-c", code]
    assert subprocess.run(started, cwd=ROOT, check=False).returncode > 2


@full_disk
def test_what_a_command_leaves_unwritten_is_written_before_it_ends() -> None:
    code = """
import sys
from flows.commands.streams import guarded
with guarded(endless=False):
    sys.stdout.write("no line's end")
"""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: stdout: cannot be written: ")


def test_what_the_encoding_of_stdout_cannot_carry_becomes_a_question_mark() -> None:
    done = touchline(["check", RETAIL], subprocess.PIPE, PYTHONIOENCODING="iso8859-5")
    assert done.returncode == 0
    assert "(propensity 0.2 ? value 40 = 8" in done.stdout
