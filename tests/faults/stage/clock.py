"""`touchline` as a process whose wall clock is off by as much as a file says. A program, no test.

    python -m tests.faults.stage.clock FILE run touchpoints --worker 1/2

FILE holds seconds, `-600` for ten minutes behind; without it the clock is right. It is read at each
look at the clock: a change is a step of the clock of a running process. The product reads its wall
clock by `time.time_ns()` and `time.time()` and nothing else, so these are what is shifted; the
monotonic clocks go on as they do when somebody sets a machine's clock.
"""

import sys
import time
from pathlib import Path

from flows.cli import main
from tests.faults.mutants.patching import put


def shift(file: Path) -> None:
    """From now on this process's wall clock is off by what `file` says."""
    right_ns = time.time_ns

    def shifted_ns() -> int:
        return right_ns() + round(off_s(file) * 1e9)

    put(time, "time_ns", shifted_ns)
    put(time, "time", lambda: shifted_ns() / 1e9)


def off_s(file: Path) -> float:
    """How far ahead the clock is; 0 where nobody has set it."""
    try:
        return float(file.read_text())
    except FileNotFoundError:
        return 0.0


def set_off(file: Path, seconds: float) -> None:
    """In one step, so that nobody reads half of it."""
    new = file.with_suffix(".new")
    new.write_text(str(seconds))
    new.replace(file)


if __name__ == "__main__":
    shift(Path(sys.argv.pop(1)))
    main()
