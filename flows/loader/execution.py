"""One execution of the flow: whether to go on, and what ended it.

Bytewax turns an exception in a callback into a panic with a Rust backtrace. So what fails is kept
here, the source ends the stream at the next poll, and the caller raises it when all is closed.
"""

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

X = TypeVar("X")
Y = TypeVar("Y")


class Stopped(Exception):
    """Told to stop while waiting."""


class Execution:
    """Belongs to the flow's thread; `stop` may be set by any."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._ended = False
        self._failure: Exception | None = None

    def over(self) -> bool:
        """Whether the source is to end."""
        return self._ended or self._stop.is_set()

    def guard(self, step: Callable[[X], Y]) -> Callable[[X], Iterable[Y]]:
        """`step` for `flat_map`: one item out for one in, none once something has failed."""

        def guarded(item: X) -> Iterable[Y]:
            if self._ended:
                return ()
            try:
                return (step(item),)
            except Stopped:
                self._ended = True
            except Exception as failure:  # noqa: BLE001  kept for raise_failure
                self._ended, self._failure = True, failure
            return ()

        return guarded

    def raise_failure(self) -> None:
        """Raise what a step has raised, if one has."""
        if self._failure is not None:
            raise self._failure
