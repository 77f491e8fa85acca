"""The warehouse flow in a process of its own, which kills itself at a given point.

Arguments: bootstrap servers, warehouse folder, point, at its how-manieth time.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from deltalake import write_deltalake

import connectors.warehouse.delta
import flows.loader.append
import flows.loader.loader
from connectors.warehouse.delta import DeltaAppender
from flows import warehouse
from flows.metrics.meter import Meter
from flows.settings import Settings

# Many small commits, so that there are many points to die at.
flows.loader.append.MOST_SECONDS = 0.02
flows.loader.append.MOST_ROWS = 40
flows.loader.loader.POLL_RECORDS = 50


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
        whole = die_around(write_deltalake, time, point == "before commit")
        setattr(connectors.warehouse.delta, "write_deltalake", whole)  # noqa: B010  mypy: it is not exported
    elif point == "after append":
        whole = die_around(DeltaAppender.append, time, False)
        DeltaAppender.append = whole  # type: ignore[method-assign]  # what the test is about
    settings = Settings(kafka_bootstrap_servers=bootstrap, warehouse_url=folder)
    warehouse.run(settings, Meter(), stop, say_ready)


def say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
