"""A file that is there whole or not at all, and takes the place of none by accident."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO


class TargetUnfit(Exception):
    """The file cannot be written; the text says why and what to do."""


def check_target(path: Path, *, force: bool) -> None:
    """Before long work: raises TargetUnfit for what `whole` would refuse, as far as can be told."""
    if path.is_dir():
        raise TargetUnfit(f"{path}: expected a file, got a folder; name one in it")
    if not path.parent.is_dir():
        raise TargetUnfit(f"{path}: there is no folder {path.parent}; make it, or name another")
    if path.exists() and not force:
        raise _there(path)


@contextmanager
def whole(path: Path, *, force: bool) -> Iterator[TextIO]:
    """A file to write to, which is at `path` once this is left without an error.

    Raises TargetUnfit when it cannot be written, or without `force` when one has come to be there.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            with part.open("x", encoding="utf-8", newline="") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if force:
                part.replace(path)
            else:
                os.link(part, path)  # refuses what is there, in one step with looking
        finally:
            with suppress(OSError):
                part.unlink()
    except FileExistsError:
        raise _there(path) from None
    except OSError as error:
        raise TargetUnfit(
            f"{path}: cannot be written: {error.strerror}; name another place with --to"
        ) from None


def _there(path: Path) -> TargetUnfit:
    return TargetUnfit(f"{path}: is there already; --force writes over it")
