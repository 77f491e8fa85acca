"""The touchpoints flow with a stopwatch around what it does for the commit protocol alone.

`python -m benchmarks.protocol_flow` prints a line when ready, as the flow does. Told to stop
(SIGTERM) it prints one JSON object: part of the protocol → processor seconds of the deciding
thread, and under `flushes` how many flushes there were.
"""

import functools
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, TypeVar
from unittest.mock import patch

import orjson

from connectors.kafka.publisher import Publisher
from flows.metrics.meter import Meter
from flows.processor import commit
from flows.processor.intake import Intake
from flows.settings import read_settings
from flows.touchpoints import run
from state.store import shard_store
from state.store.wire import Command, Wire

PLAN, FENCE, RECORD, WATCH = "plan", "fence", "plan record", "watch and compare"
PARTS = {
    PLAN: "what a flush takes: its ranges, order, checksum",
    FENCE: "the fence before and after, encoded",
    RECORD: "the plan, encoded and produced",
    WATCH: "WATCH and GET of the fence, packed and sent",
}
"""Part → what it is. MULTI and EXEC are not among them: whoever writes several keys at once needs
them, protocol or not."""
TIMED: tuple[tuple[Any, str, str], ...] = (
    (Intake, "_plan", PLAN),
    (commit, "_committed", FENCE),
    (shard_store, "encode_fence", FENCE),
    (commit, "encode_plan", RECORD),
    (Publisher, "plan", RECORD),
)
"""Where, which call, which part."""

R = TypeVar("R")


class Stopwatch:
    """Adds up this thread's processor time, by part."""

    def __init__(self) -> None:
        self.spent_s: dict[str, float] = defaultdict(float)
        self.flushes = 0

    def around(self, call: Callable[..., R], part: str) -> Callable[..., R]:
        """`call`, timed as `part`."""

        @functools.wraps(call)
        def timed(*arguments: Any, **named: Any) -> R:
            began = time.thread_time()
            try:
                return call(*arguments, **named)
            finally:
                self.spent_s[part] += time.thread_time() - began
                self.flushes += part == RECORD and call.__name__ == "plan"

        return timed

    def send(self, call: Callable[..., None]) -> Callable[..., None]:
        """Wire.send, with the guard of the next transaction in a write of its own: that is timed.

        What it costs to send them by themselves is in it, so the figure is an upper bound.
        """

        def split(wire: Wire, *commands: Command) -> None:
            if len(commands) < 3 or commands[-2][0] != "WATCH":
                return call(wire, *commands)
            call(wire, *commands[:-2])
            began = time.thread_time()
            call(wire, *commands[-2:])
            self.spent_s[WATCH] += time.thread_time() - began
            return None

        return split


def patches(watch: Stopwatch) -> Sequence[Any]:
    """The stopwatch put around every call of TIMED, and into what is sent to Redis."""
    found = [
        patch.object(owner, name, watch.around(getattr(owner, name), part))
        for owner, name, part in TIMED
    ]
    return [*found, patch.object(Wire, "send", watch.send(Wire.send))]


def main() -> None:
    """Run until told to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    settings = read_settings()
    meter = Meter.for_flow("touchpoints", settings, settings.shards_of((1, 1)))
    watch = Stopwatch()
    with ExitStack() as stack:
        for each in patches(watch):
            stack.enter_context(each)
        run(settings, meter, stop, lambda: print('{"flow":"touchpoints"}', flush=True))
    print(orjson.dumps({**watch.spent_s, "flushes": watch.flushes}).decode(), flush=True)


if __name__ == "__main__":
    main()
