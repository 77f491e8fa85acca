"""The folder of one `touchline up`: its lock, addresses, logs and warehouse."""

import errno
import fcntl
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


USUAL = Path(".touchline")
WAREHOUSE = "warehouse"
ADDRESSES = "addresses.json"
LOCK = "lock"


class DataDirInUse(Exception):
    """Another `touchline up` runs on this folder."""


class DataDirUnfit(Exception):
    """The folder cannot be made or written; the text names the option, the folder and why."""


class DataDir:
    """Holds the folder for one process while entered; the file `lock` names that process.

    The operating system drops the lock with its owner, so one that a killed process left behind
    is in nobody's way. Raises DataDirInUse, which names the folder and the process, and
    DataDirUnfit, also when something in the folder fails while it is held.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / "logs"
        self.warehouse = self.path / WAREHOUSE
        self._addresses = self.path / ADDRESSES
        self._lock = self.path / LOCK
        self._held = -1

    def __enter__(self) -> "DataDir":
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            while not self._take():
                pass
        except OSError as error:
            raise self._unfit(error) from None
        try:
            os.ftruncate(self._held, 0)
            os.write(self._held, f"{os.getpid()}\n".encode())
            for folder in (self.logs, self.warehouse):
                folder.mkdir(exist_ok=True)
        except OSError as error:
            self._let_go()
            raise self._unfit(error) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._let_go()
        if isinstance(error, OSError) and self._is_about(error):
            raise self._unfit(error) from None

    def tell(self, addresses: Mapping[str, str]) -> None:
        """Leave word of where the servers are (variable of a setting → value) until the end."""
        self._addresses.write_text(json.dumps(addresses))

    def _let_go(self) -> None:
        with suppress(OSError):  # a folder that was removed meanwhile has no lock any more
            self._addresses.unlink(missing_ok=True)
            self._lock.unlink()
        os.close(self._held)

    def _is_about(self, error: OSError) -> bool:
        """A full disk has no name of a file with it."""
        place = error.filename
        if isinstance(place, str | os.PathLike):
            return Path(place).absolute().is_relative_to(self.path)
        return error.errno in FULL

    def _unfit(self, error: OSError) -> DataDirUnfit:
        place = Path(error.filename or self.path)
        reason = f"{error.strerror} ({place})"
        if isinstance(error, FileExistsError | NotADirectoryError):
            in_the_way = (p for p in (place, *place.parents) if os.path.lexists(p))
            reason = f"{next(in_the_way)}, which is no folder"
        return DataDirUnfit(
            f"--data-dir {self.path}: expected a folder that can be made and written, got "
            f"{reason}; mend that, or choose another one"
        )

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


def addresses_of(folder: Path) -> dict[str, str]:
    """What the `up` that runs on `folder` has told; nothing when none does."""
    try:
        # The process, not the lock: to try the lock would be in the way of one that starts now.
        os.kill(int((folder / LOCK).read_text()), 0)
        told: dict[str, str] = json.loads((folder / ADDRESSES).read_text())
    except (OSError, ValueError, OverflowError):
        return {}
    return told
