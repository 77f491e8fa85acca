"""How .venv comes about, on machines made of links: no network, and a uv that only takes notes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from requirements.lock import ROOT

TOOLS = ["sh", "cat", "cksum", "dirname", "rm", "sed", "tr", "ln", "mkdir"]
FAKE_UV = """#!/bin/sh
echo "$*" >>"$UV_NOTES"
echo said by uv
case $1 in
    venv) mkdir -p .venv/bin; ln -s "$SUITABLE" .venv/bin/python; ln -s "$0" .venv/bin/uv ;;
    pip) [ "$2" != "${UV_FAILS_AT-}" ] ;;
esac
"""

FAKE_PYTHON = """#!/bin/sh
case "$1 $2" in
    "-c import ensurepip") exit "${ENSUREPIP-0}" ;;
    *%d.%d*) echo 3.11 ;;
    "-c "*) echo "$0" ;;
    "-m venv") echo "python $*" >>"$UV_NOTES"; mkdir -p .venv/bin; ln -s "$0" .venv/bin/python ;;
    "-m pip") echo "python $*" >>"$UV_NOTES"; ln -s "$BROUGHT_UV" .venv/bin/uv; echo said by pip ;;
esac
"""


class Machine:
    """A clone of the project and a PATH of its own."""

    def __init__(self, folder: Path) -> None:
        self.clone = folder / "my clone"
        self.bin = folder / "bin"
        self.notes = folder / "notes"
        self.path = [self.bin]
        self.bin.mkdir()
        self.notes.touch()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, tool
            (self.bin / tool).symlink_to(found)
        (self.clone / "requirements").mkdir(parents=True)
        for file in [ROOT / "pyproject.toml", *(ROOT / "requirements").iterdir()]:
            if file.is_file():
                shutil.copy(file, self.clone / file.relative_to(ROOT))

    def program(self, name: str, script: str) -> None:
        """Put a program of that name on PATH, after those that are there."""
        folder = self.bin.parent / f"bin{len(self.path)}"
        folder.mkdir()
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
        self.path.append(folder)

    def bootstrap(self, level: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the script; what uv was asked for is in `asked()`."""
        return subprocess.run(
            ["sh", "requirements/bootstrap.sh", level],
            cwd=self.clone,
            capture_output=True,
            text=True,
            check=False,
            env={
                "PATH": os.pathsep.join(map(str, self.path)),
                "HOME": str(self.clone),
                "UV_NOTES": str(self.notes),
                "SUITABLE": sys.executable,
                **environment,
            },
        )

    def asked(self) -> list[str]:
        """What uv was asked since the last call, questions for its version left out."""
        lines = [line for line in self.notes.read_text().splitlines() if line != "--version"]
        self.notes.write_text("")
        return lines


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine without Python and without uv."""
    return Machine(tmp_path)


@pytest.fixture
def equipped(machine: Machine) -> Machine:
    """A machine with a Python that suits, after a shim that does not run, and with uv."""
    machine.program("python3.12", "#!/bin/sh\necho command not found >&2\nexit 127\n")
    machine.program("python3", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    machine.program("uv", FAKE_UV)
    return machine


def test_without_a_python_that_suits_one_sentence_says_what_to_install(machine: Machine) -> None:
    machine.program("python3.12", "#!/bin/sh\nexit 127\n")
    machine.program("python3", "#!/bin/sh\nexit 0\n")  # runs, but prints no suitable version
    result = machine.bootstrap("run")
    assert result.returncode == 1
    assert result.stdout == ""
    assert re.fullmatch(
        r"touchline: there is no Python 3\.11 or 3\.12 here: install .*\n", result.stderr
    )


def test_without_a_python_that_suits_uv_is_asked_to_bring_one(machine: Machine) -> None:
    machine.program("uv", FAKE_UV)
    assert machine.bootstrap("run").returncode == 0
    assert machine.asked()[0] == "venv --quiet --python 3.12 .venv"


def test_when_uv_cannot_bring_one_a_sentence_says_what_to_install(machine: Machine) -> None:
    machine.program("uv", '#!/bin/sh\n[ "$1" = --version ] && echo uv 0\n')
    result = machine.bootstrap("run")
    assert result.returncode == 1
    assert "uv could not bring one: install Python 3.12" in result.stderr


@pytest.fixture
def without_uv(machine: Machine) -> Machine:
    """A machine with a Python that suits and only takes notes; its pip brings uv."""
    machine.program("python3", FAKE_PYTHON)
    brought = machine.bin.parent / "brought-uv"
    brought.write_text(FAKE_UV)
    brought.chmod(0o755)
    return machine


def test_without_uv_on_path_pip_brings_the_one_of_the_lock_by_hash(without_uv: Machine) -> None:
    uv = str(without_uv.bin.parent / "brought-uv")
    result = without_uv.bootstrap("run", BROUGHT_UV=uv)
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    venv, pip, *rest = without_uv.asked()
    assert venv == "python -m venv .venv"
    assert pip.startswith("python -m pip install ")
    assert pip.endswith(" --require-hashes --requirement requirements/bootstrap.lock")
    assert "--only-binary :all:" in pip
    assert [line.split()[1] for line in rest] == ["sync", "install"]
    assert without_uv.bootstrap("run", BROUGHT_UV=uv).stderr == ""


def test_without_uv_and_without_venv_a_sentence_says_what_to_install(without_uv: Machine) -> None:
    result = without_uv.bootstrap("run", ENSUREPIP="1")
    assert result.returncode == 1
    assert "cannot make environments: apt-get install python3.11-venv, or install uv." in (
        result.stderr
    )
    assert without_uv.asked() == []


def test_a_python_that_was_named_and_does_not_suit_is_refused(equipped: Machine) -> None:
    result = equipped.bootstrap("run", PYTHON="python3.12")
    assert result.returncode == 1
    assert result.stderr == "touchline: PYTHON=python3.12 is not a Python 3.11 or 3.12 that runs.\n"


def test_a_shim_that_does_not_run_is_passed_over_and_nothing_is_downloaded(
    equipped: Machine,
) -> None:
    assert equipped.bootstrap("run").returncode == 0
    base = Path(getattr(sys, "_base_executable", sys.executable))
    assert equipped.asked()[0] == f"venv --quiet --no-python-downloads --python {base} .venv"


def test_all_that_comes_from_an_index_comes_by_hash(equipped: Machine) -> None:
    assert equipped.bootstrap("dev").returncode == 0
    installs = [line for line in equipped.asked() if line.startswith("pip ")]
    assert len(installs) == 3
    for line in installs[:-1]:
        assert "--require-hashes" in line
    assert installs[-1].endswith("--no-deps --no-build-isolation --editable .")


def test_everything_is_said_on_stderr_and_a_second_run_says_nothing(equipped: Machine) -> None:
    first, second = equipped.bootstrap("run"), equipped.bootstrap("run")
    assert first.stdout == second.stdout == second.stderr == ""
    assert first.stderr.startswith("touchline: making .venv with ")
    assert "said by uv" in first.stderr


def test_what_was_installed_for_tests_is_kept_for_a_run(equipped: Machine) -> None:
    equipped.bootstrap("dev")
    equipped.asked()
    assert equipped.bootstrap("run").stderr == ""
    assert equipped.asked() == []


def test_another_lock_is_installed_anew_and_in_the_same_environment(equipped: Machine) -> None:
    equipped.bootstrap("dev")
    equipped.asked()
    with (equipped.clone / "requirements" / "dev.lock").open("a") as lock:
        lock.write("# changed\n")
    assert "requirements/dev.lock" in equipped.bootstrap("run").stderr
    assert [line.split()[1] for line in equipped.asked()] == ["sync", "install"]


def test_an_installation_that_failed_is_taken_up_again(equipped: Machine) -> None:
    equipped.bootstrap("run")
    lock = equipped.clone / "requirements" / "run.lock"
    before = lock.read_text()
    lock.write_text(before + "# changed\n")
    assert equipped.bootstrap("run", UV_FAILS_AT="sync").returncode != 0
    lock.write_text(before)
    equipped.asked()
    assert equipped.bootstrap("run").returncode == 0
    assert [line.split()[1] for line in equipped.asked()] == ["sync", "install"]


def test_a_clone_that_was_moved_makes_its_environment_anew(equipped: Machine) -> None:
    equipped.bootstrap("run")
    equipped.asked()
    equipped.clone = equipped.clone.rename(equipped.clone.with_name("moved"))
    assert equipped.bootstrap("run").returncode == 0
    assert equipped.asked()[0].startswith("venv ")


def test_an_index_that_pip_was_told_of_is_told_to_uv(equipped: Machine) -> None:
    uv = next(folder / "uv" for folder in equipped.path if (folder / "uv").exists())
    uv.write_text(FAKE_UV + 'echo "index $UV_DEFAULT_INDEX" >>"$UV_NOTES"\n')
    (equipped.clone / ".config" / "pip").mkdir(parents=True)
    (equipped.clone / ".config" / "pip" / "pip.conf").write_text(
        "[global]\nindex-url = http://mirror.invalid/simple\n"
    )
    equipped.bootstrap("run")
    assert "index http://mirror.invalid/simple" in equipped.asked()
