"""One `touchline up` on a data directory at a time."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows.local.data_dir import DataDir, DataDirInUse, DataDirUnfit

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


@pytest.mark.parametrize("file", ["", "logs", "warehouse"])
def test_a_file_in_the_way_is_named_with_the_option(tmp_path: Path, file: str) -> None:
    folder = tmp_path / "data"
    in_the_way = folder / file
    in_the_way.parent.mkdir(exist_ok=True)
    in_the_way.write_text("")
    with pytest.raises(DataDirUnfit) as unfit, DataDir(folder):
        pass
    assert str(unfit.value) == (
        f"--data-dir {folder}: expected a folder that can be made and written, got {in_the_way}, "
        "which is no folder; mend that, or choose another one"
    )
    assert not (folder / "lock").exists()


def test_a_folder_that_cannot_be_made_is_named_with_the_reason(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 300)
    with pytest.raises(DataDirUnfit, match=f"^--data-dir {long}: .*got File name too long"):
        DataDir(long).__enter__()


def test_a_disk_that_is_full_is_told_with_the_folder_and_no_lock_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("os.write", full)
        with pytest.raises(DataDirUnfit, match=f"^--data-dir {tmp_path}: .*got No space left"):
            DataDir(tmp_path).__enter__()
    assert not (tmp_path / "lock").exists()
    with DataDir(tmp_path):
        pass


@pytest.mark.parametrize("file", [None, "logs/kafka.log"])
def test_a_disk_that_fills_up_later_is_told_likewise(tmp_path: Path, file: str | None) -> None:
    named = (str(tmp_path / file),) if file else ()
    with (
        pytest.raises(DataDirUnfit, match=f"^--data-dir {tmp_path}: .*got No space left"),
        DataDir(tmp_path),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), *named)
    assert not (tmp_path / "lock").exists()


def test_what_fails_elsewhere_is_not_laid_on_the_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), DataDir(tmp_path):
        (tmp_path.parent / "none").read_bytes()


def test_a_folder_that_was_removed_meanwhile_is_left_in_peace(tmp_path: Path) -> None:
    with DataDir(tmp_path / "data") as folder:
        shutil.rmtree(folder.path)
    assert not folder.path.exists()
