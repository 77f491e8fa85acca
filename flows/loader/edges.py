"""Where Bytewax begins and ends: a source that polls and a sink that is told when all is over."""

import time
from collections.abc import Callable, Iterable

from bytewax.inputs import DynamicSource, StatelessSourcePartition
from bytewax.outputs import DynamicSink, StatelessSinkPartition

from flows.execution import Execution
from flows.loader.arrivals import Arrivals, Poll

REST_S = 1.0
"""For so long after the request to stop, what goes on coming is read: a write that took long must
not leave behind what had come before that request."""


class PollSource(DynamicSource[Poll]):
    """What one poll brings is one item, an empty one too: the steps learn the time from it.

    It ends when one that began after the request to stop brings nothing, or REST_S after it.
    """

    def __init__(self, execution: Execution, poll: Callable[[], Poll]) -> None:
        self._execution = execution
        self._poll = execution.guard(lambda _: poll())

    def build(
        self, step_id: str, worker_index: int, worker_count: int
    ) -> StatelessSourcePartition[Poll]:
        """Called once by the engine."""
        return _Polling(self._execution, self._poll)


class _Polling(StatelessSourcePartition[Poll]):
    def __init__(self, execution: Execution, poll: Callable[[None], Iterable[Poll]]) -> None:
        self._execution = execution
        self._poll = poll
        self._until_s: float | None = None
        """When to end, once told to stop."""

    def next_batch(self) -> Iterable[Poll]:
        if self._execution.ended:
            raise StopIteration
        if not self._execution.over():
            return self._poll(None)
        now_s = time.monotonic()
        if self._until_s is None:
            self._until_s = now_s + REST_S
        rest = list(self._poll(None)) if now_s < self._until_s else []
        if not any(poll.records for poll in rest):
            raise StopIteration
        return rest


class AppendSink(DynamicSink[Arrivals]):
    """Each item to `append`; then, when the stream has ended and nothing failed, `drain`."""

    def __init__(
        self,
        execution: Execution,
        append: Callable[[Arrivals], None],
        drain: Callable[[], None],
    ) -> None:
        self._append = execution.guard(append)
        self._drain = execution.guard(lambda _: drain())

    def build(
        self, step_id: str, worker_index: int, worker_count: int
    ) -> StatelessSinkPartition[Arrivals]:
        """Called once by the engine."""
        return _Appending(self._append, self._drain)


class _Appending(StatelessSinkPartition[Arrivals]):
    def __init__(
        self,
        append: Callable[[Arrivals], Iterable[None]],
        drain: Callable[[None], Iterable[None]],
    ) -> None:
        self._append = append
        self._drain = drain

    def write_batch(self, items: list[Arrivals]) -> None:
        for item in items:
            self._append(item)

    def close(self) -> None:
        self._drain(None)
