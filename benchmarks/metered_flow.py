"""The touchpoints flow with its metrics left out, or with a stopwatch around them: what they cost.

`python -m benchmarks.metered_flow none` keeps nothing and times no stage. `... timed` keeps all and
measures each call that does; told to stop (SIGTERM) it prints one JSON line: how many calls of each
kind there were and the processor seconds they took. Both print a line when ready, as the flow does,
and serve no metrics.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any
from unittest.mock import patch

import orjson

from flows.metrics.meter import Meter
from flows.processor.booking import book
from flows.processor.processor import Processor
from flows.settings import read_settings
from flows.touchpoints import run

Call = Callable[..., None]


class Silent(Meter):
    """Takes every number and keeps none."""

    def add(self, name: str, value: float = 1, /, **labels: str) -> None:
        pass

    def set(self, name: str, value: float, /, **labels: str) -> None:
        pass

    def forget(self, name: str, /, **labels: str) -> None:
        pass

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        pass

    def observe_many(self, name: str, values: Sequence[float], /, **labels: str) -> None:
        pass


def timed(call: Call, took_s: list[float]) -> Call:
    """`call`, noting this thread's processor time of each."""

    def watched(*arguments: Any, **named: Any) -> None:
        began = time.thread_time()
        call(*arguments, **named)
        took_s.append(time.thread_time() - began)

    return watched


def nothing(*_: Any, **__: Any) -> None:
    """In the place of what keeps metrics."""


def main(mode: str) -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    settings = read_settings()
    kind = Silent if mode == "none" else Meter
    meter = kind.for_flow("touchpoints", settings, settings.shards_of((1, 1)))
    # Together they are all that a flush spends on metrics; what is set once a second besides is
    # left in both.
    flushes: list[float] = []
    stages: list[float] = []
    in_place: dict[str, Any]
    if mode == "none":
        in_place = {"book_stage": nothing, "measured": lambda *_, **__: nullcontext()}
        booking: Call = nothing
    else:
        in_place = {"book_stage": timed(Processor.book_stage, stages)}
        booking = timed(book, flushes)
    with (
        patch("flows.processor.commit.book", booking),
        patch.multiple(Processor, **in_place),
    ):
        run(settings, meter, stop, lambda: print('{"flow":"touchpoints"}', flush=True))
    if mode == "timed":
        counts = {"flushes": len(flushes), "stages": len(stages)}
        spent = {"flushes_s": sum(flushes), "stages_s": sum(stages)}
        print(orjson.dumps(counts | spent).decode(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
