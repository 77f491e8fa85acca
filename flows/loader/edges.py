"""Where Bytewax begins and ends: a source that polls, a sink that calls, and no exception let out.

Bytewax turns an exception in a callback into a panic with a Rust backtrace. So what fails is kept
in `Run`, the source ends the stream at the next poll, and the caller raises it when all is closed.
"""

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

from bytewax.inputs import DynamicSource, StatelessSourcePartition
from bytewax.outputs import DynamicSink, StatelessSinkPartition

from flows.loader.append import Append
from flows.loader.arrivals import Arrivals, Poll
from flows.loader.hold import Stopped

X = TypeVar("X")
Y = TypeVar("Y")


class Run:
    """One execution: whether to go on, and what ended it."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self.ended = False
        self.failure: Exception | None = None

    def over(self) -> bool:
        """Whether the source is to end."""
        return self.ended or self._stop.is_set()

    def guard(self, step: Callable[[X], Y]) -> Callable[[X], Iterable[Y]]:
        """`step` for `flat_map`: one item out for one in, none once something has failed."""

        def guarded(item: X) -> Iterable[Y]:
            if self.ended:
                return ()
            try:
                return (step(item),)
            except Stopped:
                self.ended = True
            except Exception as failure:  # noqa: BLE001  raised again by the caller of the flow
                self.ended, self.failure = True, failure
            return ()

        return guarded


class PollSource(DynamicSource[Poll]):
    """Polls until the run is over. What one poll brings is one item, an empty one included: the
    steps behind learn the time from it."""

    def __init__(self, run: Run, poll: Callable[[], Poll]) -> None:
        self._run = run
        self._poll = poll

    def build(
        self, step_id: str, worker_index: int, worker_count: int
    ) -> StatelessSourcePartition[Poll]:
        return _Polling(self._run, self._run.guard(lambda _: self._poll()))


class _Polling(StatelessSourcePartition[Poll]):
    def __init__(self, run: Run, poll: Callable[[None], Iterable[Poll]]) -> None:
        self._run = run
        self._poll = poll

    def next_batch(self) -> Iterable[Poll]:
        if self._run.over():
            raise StopIteration
        return self._poll(None)


class AppendSink(DynamicSink[Arrivals]):
    """Hands each item to `append`, and closes it when the stream has ended well."""

    def __init__(self, run: Run, append: Append) -> None:
        self._run = run
        self._append = append

    def build(
        self, step_id: str, worker_index: int, worker_count: int
    ) -> StatelessSinkPartition[Arrivals]:
        return _Appending(self._run, self._append)


class _Appending(StatelessSinkPartition[Arrivals]):
    def __init__(self, run: Run, append: Append) -> None:
        self._write = run.guard(append)
        self._close = run.guard(lambda _: append.close())

    def write_batch(self, items: list[Arrivals]) -> None:
        for item in items:
            self._write(item)

    def close(self) -> None:
        self._close(None)
