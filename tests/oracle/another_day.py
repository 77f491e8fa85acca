"""The touchpoints flow with its clock on another day. A program, not a test.

    python -m tests.oracle.another_day MILLISECONDS POINT NTH TOTAL

adds MILLISECONDS to the clock; the rest is for `tests.faults.victim`.
"""

import sys
import time

from tests.faults import victim


def main() -> None:
    """The flow reads its clock by `time.time_ns` alone; Kafka and Redis keep their own."""
    ahead_ns = int(sys.argv.pop(1)) * 1_000_000
    real = time.time_ns
    time.time_ns = lambda: real() + ahead_ns
    victim.main()


if __name__ == "__main__":
    main()
