"""A worker that falls asleep at a chosen instant, as a process that the system has stopped."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from tests.faults.failpoints import POINTS, counts

HALTED = "halted"


def halt(where: str) -> None:
    """Sleep until somebody sends SIGCONT; who started this process reads that it does."""
    sys.stderr.write(f"{HALTED} {where}\n")
    sys.stderr.flush()
    os.kill(os.getpid(), signal.SIGSTOP)


def halt_at(point: str, nth: int) -> None:
    """Fall asleep once the step at `point` has been done for the `nth` time."""
    owner, name = POINTS[point]
    original: Callable[..., Any] = getattr(owner, name)
    left = [nth]

    def halting(*args: Any, **kwargs: Any) -> Any:
        left[0] -= counts(point, args)
        done = original(*args, **kwargs)
        if left[0] == 0:
            left[0] = -1
            halt(f"at {point}")
        return done

    setattr(owner, name, halting)
