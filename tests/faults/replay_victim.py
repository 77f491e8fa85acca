"""`touchline dlq replay` as a process that is cut at a chosen instant. A program, not a test.

    python tests/faults/replay_victim.py HOW POINT NTH [OPTIONS OF THE COMMAND]

The NTH time that it comes to POINT it dies by SIGKILL (`kill`), or says so on stdout and waits for
a line on stdin (`wait`). A transaction holds 20 dead letters.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from connectors.kafka.replayer import Replayer
from flows.commands.dlq import replaying
from flows.commands.dlq.replay import command

POINTS: dict[str, tuple[Any, str]] = {
    "begun": (Replayer, "begin"),
    "marks read": (replaying, "marks"),
    "half written": (Replayer, "_produce"),
    "written": (Replayer, "_commit"),
    "committed": (Replayer, "write"),
}
"""In the order of a replay. At `written` all of a batch is with the broker, and not committed."""


def cut(how: str) -> None:
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdout.write("waiting\n")
    sys.stdout.flush()
    sys.stdin.readline()


def arm(how: str, point: str, nth: int) -> None:
    """Be cut at the `nth` arrival at `point`."""
    owner, name = POINTS[point]
    original: Callable[..., Any] = getattr(owner, name)
    left = [nth]

    def armed(*args: Any, **kwargs: Any) -> Any:
        left[0] -= 1
        if left[0] or point != "written":
            result = original(*args, **kwargs)
            if left[0]:
                return result
        if point in ("half written", "written"):
            args[0]._producer.flush()
        cut(how)
        return original(*args, **kwargs) if point == "written" else result

    setattr(owner, name, armed)


if __name__ == "__main__":
    how, point, nth, *options = sys.argv[1:]
    setattr(replaying, "BATCH", 20)  # noqa: B010 - the module does not export it
    if point != "never":
        arm(how, point, int(nth))
    command(options)
