"""`touchline` as a process that is slow to hand its shards over. A program, not a test.

python -m tests.faults.stage.slow run touchpoints
"""

from flows.cli import main
from tests.faults.failpoints import slow_hand_over

if __name__ == "__main__":
    slow_hand_over()
    main()
