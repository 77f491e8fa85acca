"""Writes requirements/*.lock from pyproject.toml, or with --check says whether they are current.

Each file holds versions and hashes and no addresses, so that it installs from any index. Its first
lines carry a digest of what pyproject.toml asks for: the check compares it and needs no network.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# dev.lock comes first and holds everything; the others are held to its versions, so that any two
# of them can be installed together.
LOCKS = {
    "dev": [
        *("pyproject.toml", "--extra=embedded", "--extra=offline"),
        *("--group=dev", "--group=bootstrap"),
    ],
    "run": ["pyproject.toml", "--extra=embedded", "--constraint=requirements/dev.lock"],
    "bootstrap": ["--group=bootstrap", "--constraint=requirements/dev.lock"],
    "peers": ["--group=peers", "--constraint=requirements/dev.lock"],
}


def lock_path(name: str) -> Path:
    """Where the lock of that name lies, from the project's root."""
    return Path("requirements") / f"{name}.lock"


def digest() -> str:
    """What pyproject.toml asks for, in 16 hex digits: changes when a lock may have to."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = pyproject["project"]
    asked = [
        pyproject["build-system"]["requires"],
        pyproject["dependency-groups"],
        project["dependencies"],
        project["optional-dependencies"],
        project["requires-python"],
        LOCKS,
    ]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def stale() -> list[str]:
    """The lock files that were written for another pyproject.toml, or not at all."""
    mark = f"asked for: {digest()}\n"
    paths = [lock_path(name) for name in LOCKS]
    return [
        str(path)
        for path in paths
        if not (ROOT / path).is_file() or mark not in (ROOT / path).read_text()
    ]


def write(extra: list[str]) -> int:
    """Compile all the locks with uv, passing `extra` on. Returns uv's exit status."""
    for name, sources in LOCKS.items():
        command = [
            str(Path(sys.executable).parent / "uv"),
            *("pip", "compile", *sources, "--output-file", str(lock_path(name)), "--quiet"),
            *("--universal", "--python-version=3.11", "--generate-hashes"),
            *("--no-emit-index-url", "--no-emit-find-links", "--no-python-downloads"),
            f"--custom-compile-command=make lock, asked for: {digest()}",
            *extra,
        ]
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        if status:
            return status
        print(f"wrote {lock_path(name)}")
    return 0


def main() -> int:
    """Run as a command; the exit status is 1 when a check finds a stale lock."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, need no network")
    arguments, extra = parser.parse_known_args()
    if not arguments.check:
        return write(extra)
    for path in stale():
        print(f"{path} was not made from this pyproject.toml: run `make lock`", file=sys.stderr)
    return 1 if stale() else 0


if __name__ == "__main__":
    sys.exit(main())
