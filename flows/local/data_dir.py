"""The folder of one `touchline up`: its lock, logs and warehouse."""

import fcntl
import os
from pathlib import Path
from types import TracebackType


class DataDirInUse(Exception):
    """Another `touchline up` runs on this folder."""


class DataDir:
    """Holds the folder for one process while entered; the file `lock` names that process.

    The operating system drops the lock with its owner, so one that a killed process left behind
    is in nobody's way. Raises DataDirInUse, which names the folder and the process.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / "logs"
        self.warehouse = self.path / "warehouse"
        self._lock = self.path / "lock"
        self._held = -1

    def __enter__(self) -> "DataDir":
        self.path.mkdir(parents=True, exist_ok=True)
        while not self._take():
            pass
        os.ftruncate(self._held, 0)
        os.write(self._held, f"{os.getpid()}\n".encode())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.unlink()
        os.close(self._held)

    def _take(self) -> bool:
        self._held = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(self._held, 32).decode().strip() or "unknown"
            os.close(self._held)
            raise DataDirInUse(
                f"data directory {self.path} is in use by another `touchline up` (process {owner});"
                " stop that one, or choose another with --data-dir"
            ) from None
        # Its last owner may have removed the file between our open and our lock.
        try:
            if self._lock.stat().st_ino == os.fstat(self._held).st_ino:
                return True
        except FileNotFoundError:
            pass
        os.close(self._held)
        return False
