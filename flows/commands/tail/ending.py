"""What ends `touchline tail` from outside, and where it says what it waits for."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from flows.commands.signals import caught


class Ending:
    """Comes with Ctrl-C, SIGTERM or when the time is up; asked by everything that waits."""

    def __init__(self, seconds: float | None) -> None:
        """`seconds`: from now on; None = only a signal ends it."""
        self._told = False
        self._end_s = None if seconds is None else time.monotonic() + seconds

    def __call__(self) -> bool:
        """Whether it has come."""
        return self._told or self.time_is_up()

    def time_is_up(self) -> bool:
        """Whether it has come by itself."""
        return self._end_s is not None and time.monotonic() >= self._end_s

    @contextmanager
    def by_signals(self) -> Iterator[None]:
        """While signals bring it."""
        with caught(self._on_signal):
            yield

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._told = True


class _Plain(logging.Handler):
    def __init__(self, say: Callable[[str], object]) -> None:
        super().__init__()
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        """Without a level or a time: these lines are for whoever sits in front of it."""
        self._say(record.getMessage())


@contextmanager
def kafka_log_to(say: Callable[[str], object]) -> Iterator[None]:
    """What the Kafka reader logs (that Kafka is away, and back) goes to `say`."""
    log = logging.getLogger("connectors.kafka")
    handler, level, propagate = _Plain(say), log.level, log.propagate
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        log.propagate = propagate
