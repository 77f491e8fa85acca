"""Memory over time: a process's resident MB, once a second."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.results import Sample
from benchmarks.usage import usage_of

EVERY_S = 1.0


@contextmanager
def resident(pid: int, every_s: float = EVERY_S) -> Iterator[list[Sample]]:
    """Samples of process `pid` while inside: the first at once, the last when it is left.

    In a thread of its own, so that whoever measures something else need not think of it. Ends
    early, and quietly, with the process.
    """
    samples: list[Sample] = []
    began, done = time.monotonic(), threading.Event()

    def sample() -> None:
        samples.append((round(time.monotonic() - began, 1), usage_of(pid).resident_mb))

    def watch() -> None:
        try:
            sample()
            while not done.wait(every_s):
                sample()
            sample()
        except (OSError, IndexError):  # it has ended
            return

    thread = threading.Thread(target=watch, name="resident", daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join()
