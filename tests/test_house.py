"""What holds for the project as a whole: files, locks, checks and commands."""

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

from requirements.lock import LOCKS, ROOT, lock_path, stale

BIN = Path(sys.executable).parent
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())


def python_files() -> Iterator[Path]:
    """Every Python file of the project, from its root; hidden folders left out."""
    for path in ROOT.rglob("*.py"):
        relative = path.relative_to(ROOT)
        if not any(part.startswith(".") for part in relative.parts):
            yield relative


def pins(name: str) -> dict[str, str]:
    """Package → the version that a lock file pins."""
    found = re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / lock_path(name)).read_text(), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in found}


# The top level

FIXED = ("flows", "connectors", "state", "dashboards", "tests")
FIXED_FILES = ("docker-compose.yml", "pyproject.toml", "README.md")


@pytest.mark.parametrize("name", FIXED)
def test_a_folder_of_the_fixed_top_level_is_there_and_holds_something(name: str) -> None:
    assert any((ROOT / name).iterdir())


@pytest.mark.parametrize("name", FIXED_FILES)
def test_a_file_of_the_fixed_top_level_is_there(name: str) -> None:
    assert (ROOT / name).is_file()


# Lock files


def test_lock_files_are_made_from_this_pyproject() -> None:
    assert stale() == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_holds_versions_and_hashes_and_no_addresses(name: str) -> None:
    text = (ROOT / lock_path(name)).read_text()
    assert "://" not in text
    assert "index-url" not in text
    entries = re.split(r"\n(?=\w)", text)[1:]
    assert len(entries) == len(re.findall(r"^\w.*==", text, re.MULTILINE))
    assert all("--hash=sha256:" in entry for entry in entries)


def test_lock_files_agree_so_that_any_two_install_together() -> None:
    everything = pins("dev")
    assert pins("run").items() <= everything.items()
    assert pins("bootstrap").items() <= everything.items()


def test_every_requirement_is_locked_at_a_version_that_answers_it() -> None:
    project, groups = PYPROJECT["project"], PYPROJECT["dependency-groups"]
    asked = {
        "run": [*project["dependencies"], *project["optional-dependencies"]["embedded"]],
        "dev": groups["dev"],
        "bootstrap": [*groups["bootstrap"], *PYPROJECT["build-system"]["requires"]],
    }
    for name, requirements in asked.items():
        locked = pins(name)
        for requirement in map(Requirement, requirements):
            assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)])


# The code's shape


def test_no_python_file_is_longer_than_400_lines() -> None:
    lengths = {str(path): (ROOT / path).read_text().count("\n") for path in python_files()}
    assert {path: lines for path, lines in lengths.items() if lines > 400} == {}


def test_no_package_below_tests_shadows_a_package_of_the_project() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_what_is_shipped_is_what_the_import_contract_watches() -> None:
    shipped = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert shipped == PYPROJECT["tool"]["importlinter"]["root_packages"]


def test_an_archive_of_the_source_holds_every_file_that_git_holds(tmp_path: Path) -> None:
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("this folder is no clone, or git is not on this machine")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as shipped:
        names = {name.partition("/")[2] for name in shipped.getnames()}
    tracked = {name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()}
    assert tracked - names == set()


def test_who_decides_loads_no_table_library() -> None:
    """Its memory would be 77 MB at start, and not 60."""
    program = "import sys, flows.commands.run, flows.touchpoints; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert {"deltalake", "arro3", "duckdb"} & set(loaded.stdout.split()) == set()


def test_imports_go_one_way() -> None:
    lint = subprocess.run(
        [BIN / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert lint.returncode == 0, lint.stdout


@pytest.mark.parametrize(
    "code",
    [
        "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n",
        "from datetime import datetime\n\nNOW = datetime.utcnow()\n",
        "import time\n\nNOW = time.time()\n",
        "from time import time_ns\n\nNOW = time_ns()\n",
        "import random\n\nDRAW = random.random()\n",
        "from random import choice\n\nDRAW = choice('ab')\n",
        "import uuid\n\nID = uuid.uuid4()\n",
    ],
)
@pytest.mark.parametrize("package", ["decisions", "state"])
def test_the_core_may_not_take_the_time_or_throw_dice(package: str, code: str) -> None:
    ruff = subprocess.run(
        [BIN / "ruff", "check", "--no-cache", f"--stdin-filename={package}/rule.py", "-"],
        input=code,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "TID251" in ruff.stdout


def test_every_rule_that_ruff_leaves_out_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    ignored = re.search(r"^ignore = \[\n(.*?)^\]", text, re.DOTALL | re.MULTILINE)
    files = re.search(
        r"^\[tool\.ruff\.lint\.per-file-ignores\]\n(.*?)^\[", text, re.DOTALL | re.MULTILINE
    )
    assert ignored
    assert files
    lines = (ignored[1] + files[1]).splitlines()
    rules = [line for line in lines if re.search(r'"[A-Z]+\d*"', line)]
    assert rules
    assert [line for line in rules if not re.search(r"# \w+", line)] == []


def test_every_suppression_in_the_code_says_why() -> None:
    suppression = re.compile(r"#\s*(noqa|type:\s*ignore|pyright:|fmt:\s*(?:off|skip)).*")
    code = r"[A-Z]+[0-9]+"
    reason = re.compile(
        rf"(?:noqa: {code}(?:, ?{code})*|ignore\[[\w, -]+\]|fmt: \w+)[\s#:(-]+\w\S* \S+"
    )
    bare = [
        f"{path}:{number}: {found[0]}"
        for path in python_files()
        for number, line in enumerate((ROOT / path).read_text().splitlines(), start=1)
        if (found := suppression.search(line)) and path.name != Path(__file__).name
        if not reason.search(found[0])
    ]
    assert bare == []


# Commands


def test_every_make_target_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony
    targets = set(phony[1].split())
    assert targets == set(re.findall(r"^([a-z-]+):.*## \S+", makefile, re.MULTILINE))
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    told = set(re.findall(r"^\| `make ([a-z-]+)` \|", contributing, re.MULTILINE))
    assert targets - {"help"} == told


def test_hooks_run_every_tool_that_make_check_runs() -> None:
    check = re.search(r"^check:.*?\n\n", (ROOT / "Makefile").read_text(), re.MULTILINE | re.DOTALL)
    assert check
    tools = set(re.findall(r"\$\(bin\)/([\w-]+(?: (?:format|check))?)", check[0]))
    assert tools == {
        *("ruff format", "ruff check", "mypy", "lint-imports", "python"),
        *("check-jsonschema", "hadolint"),
    }
    hooks = YAML(typ="safe").load(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    entries = [hook["entry"].removeprefix(".venv/bin/") for hook in hooks]
    assert all(any(entry.startswith(tool) for entry in entries) for tool in tools)


def test_make_says_nothing_of_its_own_on_stdout() -> None:
    for target in ("run", "test", "bench"):
        recipe = subprocess.run(
            ["make", "-n", "-s", target, "ARGS=--json --for 30"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert recipe.startswith("sh requirements/bootstrap.sh ")
        assert " && exec .venv/bin/" in recipe
        assert recipe.endswith(" --json --for 30\n")
