"""A disk that is full says so itself, and the file that did not fit is known."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.stage.small_disk import SmallDisk, why_not


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    if (why := why_not()) is not None:
        pytest.skip(why)
    small = SmallDisk(tmp_path / "disk", 1)
    small.mount()
    yield small
    small.unmount()


def test_a_full_disk_takes_what_was_left_and_no_more_until_it_has_room_again(
    disk: SmallDisk,
) -> None:
    disk.fill(leave=8_192)
    (disk.place / "fits").write_bytes(bytes(4_096))
    with pytest.raises(OSError, match="No space left") as refused:
        (disk.place / "does not").write_bytes(bytes(65_536))
    assert refused.value.errno == errno.ENOSPC
    disk.free()
    assert (disk.place / "does not").write_bytes(bytes(65_536)) == 65_536


def test_a_disk_that_was_full_can_be_filled_again(disk: SmallDisk) -> None:
    for _ in range(2):
        disk.fill(leave=0)
        with pytest.raises(OSError, match="No space left"):
            (disk.place / "one more").write_bytes(b"x" * 8_192)
        disk.free()


def test_a_disk_that_is_unmounted_leaves_an_empty_folder(disk: SmallDisk) -> None:
    (disk.place / "file").write_bytes(b"x")
    disk.unmount()
    assert list(disk.place.iterdir()) == []


def test_where_nothing_can_be_mounted_a_sentence_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refuses = tmp_path / "mount"
    refuses.write_text("#!/bin/sh\necho 'mount: must be superuser' >&2\nexit 1\n")
    refuses.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    said = "a small disk cannot be mounted, so none can be full: mount: must be superuser"
    assert why_not() == said
