"""A disk of a few megabytes that can be full: a tmpfs of its own, so the kernel itself says ENOSPC.

Mounting needs the right to (root, or CAP_SYS_ADMIN); `why_not` says so where it is missing.
"""

import errno
import subprocess
import tempfile
from pathlib import Path

PIECE = 65_536


class SmallDisk:
    """Mounted at a folder from `mount` to `unmount`; kill -9 of the suite leaves it mounted."""

    def __init__(self, place: Path, megabytes: int) -> None:
        self.place, self._megabytes = place, megabytes
        self._ballast = place / "ballast"
        self._mounted = False

    def mount(self) -> None:
        """Raises RuntimeError with what `mount` said when it may not be."""
        self.place.mkdir(parents=True, exist_ok=True)
        size = f"size={self._megabytes}m"
        _run("mount", "-t", "tmpfs", "-o", size, "touchline-faults", str(self.place))
        self._mounted = True

    def fill(self, leave: int) -> None:
        """Write until there is no room left, then give back `leave` bytes."""
        with self._ballast.open("ab", buffering=0) as ballast:
            try:
                while ballast.write(bytes(PIECE)) == PIECE:
                    pass
            except OSError as full:
                if full.errno != errno.ENOSPC:
                    raise
            ballast.truncate(max(ballast.tell() - leave, 0))

    def free(self) -> None:
        """There is room again."""
        self._ballast.unlink()

    def unmount(self) -> None:
        """What lies there is gone."""
        if self._mounted:
            _run("umount", "--lazy", str(self.place))
            self._mounted = False


def why_not() -> str | None:
    """Why there can be no small disk on this machine; None when there can."""
    with tempfile.TemporaryDirectory() as folder:
        disk = SmallDisk(Path(folder), 1)
        try:
            disk.mount()
        except (RuntimeError, OSError) as refusal:
            return f"a small disk cannot be mounted, so none can be full: {refusal}"
        disk.unmount()
    return None


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or f"{command[0]} ended with {done.returncode}")
