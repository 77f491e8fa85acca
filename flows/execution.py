"""One execution of a flow: whether to go on, and what ended it.

Bytewax turns an exception in a callback into a panic with a Rust backtrace. So what fails is kept
here, the source ends the stream soon, and the caller raises it when all is closed.
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
        self.stop = stop
        self.ended = False
        """Nothing is done any more: something failed, or was stopped in the middle of waiting."""
        self._failure: BaseException | None = None

    def over(self) -> bool:
        """Whether the source is to end, once what it still has to give is given."""
        return self.ended or self._failure is not None or self.stop.is_set()

    def guard(self, step: Callable[[X], Y]) -> Callable[[X], Iterable[Y]]:
        """`step` for `flat_map`: one item out for one in, none once all has ended."""

        def guarded(item: X) -> Iterable[Y]:
            if self.ended:
                return ()
            try:
                return (step(item),)
            except Stopped:
                self.ended = True
            except Exception as failure:  # noqa: BLE001  kept for raise_failure
                self.fail(failure)
            return ()

        return guarded

    def fail(self, failure: BaseException) -> None:
        """End for this reason; the first one counts."""
        self.ended = True
        if self._failure is None:
            self._failure = failure

    def finish(self, failure: BaseException) -> None:
        """End for this reason, but in an orderly way: what was begun is finished first."""
        if self._failure is None:
            self._failure = failure

    def raise_failure(self) -> None:
        """Raise what a step has raised, if one has."""
        if self._failure is not None:
            raise self._failure
