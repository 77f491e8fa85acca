"""What becomes of a command whose stdout cannot be written, or is read by nobody any more.

One place for all commands: what they write fails with exceptions of this module and not with an
OSError, which a command may take for trouble with something else.
"""

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click


class Unread(Exception):
    """Nobody reads stdout any more."""


class Unwritable(Exception):
    """stdout cannot be written; the text says why and what to do."""


class _Stdout(io.FileIO):
    """Descriptor 1. A failure is raised once; what is written after it goes nowhere."""

    def __init__(self, *, endless: bool, closed: bool) -> None:
        super().__init__(1, "w", closefd=False)
        self._endless = endless
        self._shut = closed
        self._failed = False

    def write(self, data: Any) -> int:
        if not self._failed:
            try:
                return self._written(data)
            except BrokenPipeError:
                self._failed = True
                if self._endless:
                    raise Unread from None
            except OSError as error:
                self._failed = True
                raise Unwritable(
                    f"stdout: cannot be written: {error.strerror}; lead it elsewhere (> FILE, or "
                    "> /dev/null if nobody is to read it)"
                ) from None
        return len(data)

    def _written(self, data: Any) -> int:
        if self._shut:
            raise OSError(errno.EBADF, "it is closed")
        return super().write(data)


@contextmanager
def guarded(*, endless: bool) -> Iterator[None]:
    """For the whole of a command: stdout that cannot be written ends it with one line and 1.

    A reader that has gone ends quietly, with 0, what is `endless` and would go on without one;
    what ends by itself does so, with an exit code of its own. What stdout's encoding cannot carry
    becomes a question mark.
    """
    if sys.stdout is not sys.__stdout__:  # a caller's own, such as a test's
        yield
        return
    was = sys.stdout
    for descriptor in (1, 2):
        _occupy(descriptor)
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Stdout(endless=endless, closed=was is None)),
        encoding=was.encoding if was else None,
        errors="replace",
        line_buffering=bool(was and was.line_buffering),
    )
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except Unread:
        sys.exit(0)
    except Unwritable as trouble:
        click.echo(f"Error: {trouble}", err=True)
        sys.exit(1)


def _occupy(descriptor: int) -> None:
    """A closed one would become that of the next file opened, and what is printed go there."""
    try:
        os.fstat(descriptor)
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        if null != descriptor:
            os.dup2(null, descriptor)
            os.close(null)
