"""One `touchline up` on a data directory at a time."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows.local.data_dir import DataDir, DataDirInUse

ROOT = Path(__file__).parents[2]


def test_a_second_owner_is_refused_with_the_folder_and_the_first_ones_process(
    tmp_path: Path,
) -> None:
    with (
        DataDir(tmp_path),
        pytest.raises(DataDirInUse, match=f"{tmp_path} is in use.*process {os.getpid()}"),
        DataDir(tmp_path),
    ):
        pass


def test_the_lock_is_gone_afterwards_and_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        with DataDir(tmp_path / "new" / "folder") as folder:
            assert (folder.path / "lock").read_text() == f"{os.getpid()}\n"
        assert not (folder.path / "lock").exists()


def test_the_lock_of_a_killed_process_is_in_nobodys_way(tmp_path: Path) -> None:
    code = (
        "import pathlib, time; from flows.local.data_dir import DataDir;"
        "DataDir(pathlib.Path('.')).__enter__(); print(flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    with owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        with pytest.raises(DataDirInUse, match=f"process {owner.pid}"):
            DataDir(tmp_path).__enter__()
        owner.send_signal(signal.SIGKILL)
    with DataDir(tmp_path):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
