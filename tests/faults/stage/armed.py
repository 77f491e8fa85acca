"""`touchline` as a process that kills itself at a chosen instant. A program, not a test.

    python -m tests.faults.stage.armed POINT NTH SHARE run touchpoints --worker 1/2

For POINT, NTH and SHARE see `tests.faults.failpoints`; the rest is what `touchline` is told.
"""

import sys

from flows.cli import main
from tests.faults.failpoints import arm

if __name__ == "__main__":
    point, nth, share = sys.argv[1:4]
    del sys.argv[1:4]
    arm(point, int(nth), float(share))
    main()
