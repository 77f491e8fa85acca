"""`touchline run warehouse` as a process that is eager, slow or kills itself. A program, no test.

    python -m tests.faults.stage.armed_writer EVERY_S SLOW_S POINT NTH SHARE run warehouse

It commits rows after EVERY_S seconds; each commit takes SLOW_S seconds more; at the NTH arrival at
POINT, which may be `never`, it dies. The rest is what `touchline` is told.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import connectors.warehouse.delta
import flows.loader.append
from connectors.kafka.reader import TopicReader
from connectors.warehouse.delta import DeltaAppender
from flows.cli import main

POINTS: dict[str, tuple[Any, str]] = {
    "0 table opened": (DeltaAppender, "positions"),
    "1 rows read": (TopicReader, "read"),
    "2 commit sent": (connectors.warehouse.delta, "write_deltalake"),
    "2 half committed": (connectors.warehouse.delta, "write_deltalake"),
    "2 committed": (connectors.warehouse.delta, "write_deltalake"),
    "3 remembered": (DeltaAppender, "append"),
    "4 told": (TopicReader, "tell"),
}
"""Where a write can be cut, in the order in which it goes."""
A_COMMIT_S = 0.05
"""About as long as one takes on a local disk: of it, a share passes until half of it is done."""
NEVER = "never"


def arm(point: str, nth: int, share: float) -> None:
    """Die at the `nth` arrival at `point`; in the middle of a commit, after `share` of it."""
    owner, name = POINTS[point]
    original: Callable[..., Any] = getattr(owner, name)
    left = [nth]

    def armed(*args: Any, **kwargs: Any) -> Any:
        left[0] -= 1
        if left[0] == 0 and point == "2 commit sent":
            _die()
        if left[0] == 0 and point == "2 half committed":
            threading.Timer(share * A_COMMIT_S, _die).start()
        result = original(*args, **kwargs)
        if point == "1 rows read" and not result:
            left[0] += 1  # nothing had come
        elif left[0] == 0:
            _die()
        return result

    setattr(owner, name, armed)


def slow(seconds: float) -> None:
    """Each commit takes so much longer, half of it before it is made and half after."""
    original: Callable[..., Any] = vars(connectors.warehouse.delta)["write_deltalake"]

    def slowed(*args: Any, **kwargs: Any) -> Any:
        time.sleep(seconds / 2)
        result = original(*args, **kwargs)
        time.sleep(seconds / 2)
        return result

    setattr(connectors.warehouse.delta, "write_deltalake", slowed)  # noqa: B010 - the module does not export it


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    every_s, slow_s, point, nth, share = sys.argv[1:6]
    del sys.argv[1:6]
    flows.loader.append.MOST_SECONDS = float(every_s)
    slow(float(slow_s))
    if point != NEVER:
        arm(point, int(nth), float(share))
    main()
