"""The warehouse flow in a process of its own, which kills itself at a given point.

Arguments: bootstrap servers, warehouse folder, point, at its how-manieth time.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import connectors.delta
import flows.loader.append
from connectors.delta import DeltaAppender
from flows import warehouse
from flows.metrics.meter import Meter
from flows.settings import Settings

# Many small commits, so that there are many points to die at.
flows.loader.append.MOST_SECONDS = 0.02
flows.loader.append.MOST_ROWS = 40


def die_around(call: Callable[..., Any], time: int, before: bool) -> Callable[..., Any]:
    """`call`, but the process is gone around its `time`th time."""
    times = 0

    def wrapped(*arguments: Any, **options: Any) -> Any:
        nonlocal times
        times += 1
        if times == time and before:
            os.kill(os.getpid(), signal.SIGKILL)
        result = call(*arguments, **options)
        if times == time:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return wrapped


def main(bootstrap: str, folder: str, point: str, time: int) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    if point in ("before commit", "after commit"):
        write = connectors.delta.write_deltalake
        connectors.delta.write_deltalake = die_around(write, time, point == "before commit")
    elif point == "after append":
        DeltaAppender.append = die_around(DeltaAppender.append, time, False)  # type: ignore[method-assign]  # what the test is about
    settings = Settings(kafka_bootstrap_servers=bootstrap, warehouse_url=folder)
    warehouse.run(settings, Meter(), stop, lambda: print("ready", flush=True))


main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
