"""What the Dockerfile promises, and that its build finds what it needs; no engine runs here."""

import functools
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from requirements.lock import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
IGNORE = (ROOT / ".dockerignore").read_text().splitlines()


def test_the_image_installs_by_hash_and_does_not_run_as_root() -> None:
    installs = re.findall(r"pip install .*", DOCKERFILE)
    assert installs
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]
    (user,) = re.findall(r"^USER (\d+):(\d+)$", last_stage, re.MULTILINE)
    assert user == ("10001", "10001")
    assert "--gid 10001 touchline" in last_stage
    assert "--uid 10001 --gid touchline" in last_stage
    assert 'ENTRYPOINT ["touchline"]' in last_stage


def test_both_stages_have_the_same_python_named_down_to_its_last_number() -> None:
    (tag,) = re.findall(r"^ARG PYTHON=(.+)$", DOCKERFILE, re.MULTILINE)
    assert re.fullmatch(r"3\.11\.\d+-slim-\w+", tag)  # what the environment is made from
    stages = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert stages == ["python:${PYTHON}"] * 2


def test_who_runs_may_write_where_the_volume_of_the_warehouse_is() -> None:
    assert "install -d -o touchline -g touchline /var/lib/touchline/warehouse" in DOCKERFILE
    assert "TOUCHLINE_WAREHOUSE_URL=/var/lib/touchline/warehouse" in DOCKERFILE


def test_the_embedded_servers_stay_out_of_the_image() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (removed,) = re.findall(r"pip uninstall --python \S+ (.+)$", DOCKERFILE, re.MULTILINE)
    embedded = {Requirement(text).name for text in project["optional-dependencies"]["embedded"]}
    needed = {Requirement(text).name for text in project["dependencies"]}
    assert embedded <= set(removed.split())
    assert needed.isdisjoint(removed.split())


# The build's context


@functools.cache
def pattern(line: str) -> "re.Pattern[str]":
    """A line of .dockerignore, which also means all below what it names."""
    regex = "".join(
        {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part, part)
        if part in ("**/", "**", "*", "?") or part.startswith("[")
        else re.escape(part)
        for part in re.findall(
            r"\*\*/|\*\*|\*|\?|\[[^]]*\]|[^*?[]+", line.removeprefix("!").strip("/")
        )
    )
    return re.compile(f"{regex}(?:/.*)?")


def sent(path: str) -> bool:
    """Whether the engine is sent this file: the last line that means it decides."""
    lines = [line for line in IGNORE if line and not line.startswith("#")]
    means = [line for line in lines if pattern(line).fullmatch(path)]
    return not means or means[-1].startswith("!")


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the engine would be sent."""
    folder = tmp_path_factory.mktemp("context")
    for path in ROOT.rglob("*"):
        name = str(path.relative_to(ROOT))
        if not name.startswith((".venv/", ".git/")) and path.is_file() and sent(name):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / name)
    return folder


def test_what_is_copied_is_sent_and_nothing_that_is_private_or_large(context: Path) -> None:
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE):
        for source in sources.split():
            assert any((context / source).iterdir()), source
    names = {path.name for path in context.iterdir()}
    assert names == {
        *("flows", "connectors", "decisions", "state", "playbooks", "requirements"),
        *("pyproject.toml", "README.md", "LICENSE"),
    }
    assert not list(context.rglob("*.pyc"))
    for line in re.findall(r"--requirement (\S+)", DOCKERFILE):
        assert (context / line).is_file()


@pytest.fixture(scope="module")
def installed(context: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the wheel, made by the Dockerfile's own command, was installed into."""
    folder = tmp_path_factory.mktemp("installed")
    (made,) = re.findall(r"pip wheel .*?(?= +&&)", DOCKERFILE)
    build = made.replace("/wheels", str(folder / "wheels")).split()
    run([sys.executable, "-m", *build], cwd=context)
    (wheel,) = (folder / "wheels").glob("*.whl")
    install = ["pip", "install", "--no-deps", "--no-index", "--target", str(folder / "site")]
    run([sys.executable, "-m", *install, str(wheel)], cwd=folder)
    return folder / "site"


def run(command: list[str], cwd: Path, **environment: str) -> str:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TOUCHLINE_", "PIP_"))}
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**kept, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("--help", "Usage: "),
        ("check {playbooks}/retail.yaml", "segments"),
    ],
)
def test_what_the_image_holds_is_enough_to_run(
    installed: Path, context: Path, command: str, said: str
) -> None:
    arguments = command.format(playbooks=context / "playbooks").split()
    out = run(
        [sys.executable, str(installed / "bin" / "touchline"), *arguments],
        cwd=installed,
        PYTHONPATH=str(installed),
    )
    assert said in out


LOADED = """
import sys
import flows.touchpoints, flows.warehouse, flows.commands.simulate, flows.commands.topics
for name, module in sys.modules.items():
    if name.partition(".")[0] in ("flows", "connectors", "decisions", "state"):
        print(module.__file__)
"""


def test_all_that_the_services_load_of_ours_comes_from_the_wheel(installed: Path) -> None:
    out = run([sys.executable, "-c", LOADED], cwd=installed, PYTHONPATH=str(installed))
    files = out.splitlines()
    assert len(files) > 50
    # An editable install of this folder is on the path too, behind the wheel.
    assert [file for file in files if not file.startswith(f"{installed}/")] == []
