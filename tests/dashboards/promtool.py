"""promtool, where it is; Debian has it in `prometheus`."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def on_path(name: str) -> str:
    """The program; skips at home and fails in CI when it is missing."""
    program = shutil.which(name)
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is missing in CI")
        pytest.skip(f"{name} is not on this machine; Debian has it in `prometheus`")
    return program


def promtool(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [on_path("promtool"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
