"""Where Bytewax begins and ends: a source that polls and a sink that is told when all is over."""

from collections.abc import Callable, Iterable

from bytewax.inputs import DynamicSource, StatelessSourcePartition
from bytewax.outputs import DynamicSink, StatelessSinkPartition

from flows.execution import Execution
from flows.loader.arrivals import Arrivals, Poll

REST_POLLS = 4
"""How many polls there are at most after the request to stop: what came while a write took long is
not left behind, and producers that go on hold no stop up."""


class PollSource(DynamicSource[Poll]):
    """What one poll brings is one item, an empty one too: the steps learn the time from it.

    It ends when one that began after the request to stop brings nothing, or was the last of
    REST_POLLS.
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
        self._left = REST_POLLS

    def next_batch(self) -> Iterable[Poll]:
        if not self._execution.over():
            return self._poll(None)
        rest = list(self._poll(None)) if self._left else []
        self._left -= 1
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
