"""What learning takes by itself: draws of a decision, counters of a process."""

import statistics
import time
from collections.abc import Callable

import numpy as np

from benchmarks.results import LearningCosts
from decisions.learning.beliefs import beliefs, starts
from decisions.learning.counter import Counter, booked
from decisions.learning.draws import betas, lots
from decisions.learning.policies.kinds import Thompson
from decisions.learning.policies.propose import propose
from decisions.learning.table import CounterTable

DRAWS = 200
"""Arms of a decision."""
OFFERS, BUCKETS, SHARDS = 1_000, 50, 16
DAY_MS = 86_400_000
NOW_MS = 1_800_000_000_000


def measure_costs() -> LearningCosts:
    """Processor µs, the median of several times many; MB of the table's arrays."""
    known = np.random.default_rng(1)
    table = CounterTable(OFFERS * BUCKETS, DAY_MS)
    rows = known.choice(OFFERS * BUCKETS, DRAWS, replace=False)
    for row in rows.tolist():
        tries = float(known.uniform(0, 1_000))
        table.put(row, Counter(tries, tries * known.uniform(0, 0.2), NOW_MS))
    start = starts(known.uniform(0.01, 0.15, DRAWS), np.full(DRAWS, 20.0))
    found = beliefs(start, table.totals(rows, NOW_MS))
    counter = Counter(40.0, 2.0, NOW_MS - NOW_MS % DAY_MS)
    keys, seed = known.integers(0, 2**63, DRAWS, dtype=np.uint64), 0x0123456789ABCDEF

    def draw() -> None:
        betas(found, lots(seed, keys))

    def decide() -> None:
        believed = beliefs(start, table.totals(rows, NOW_MS))
        propose(Thompson(), believed, seed, keys)

    def book() -> None:
        booked(counter, DAY_MS, NOW_MS, tries=1.0, taken=0.0)

    def put() -> None:
        table.tell(777, counter)

    return LearningCosts(
        draws=DRAWS,
        lots_us=_us(lambda: lots(seed, keys)),
        draw_us=_us(draw),
        decide_us=_us(decide),
        book_us=_us(book),
        put_us=_us(put),
        counters=OFFERS * BUCKETS,
        shards=SHARDS,
        table_mb=round(SHARDS * table.nbytes / 1e6, 1),
    )


def _us(work: Callable[[], object], times: int = 500) -> float:
    took = []
    for _ in range(9):
        began = time.thread_time()
        for _ in range(times):
            work()
        took.append((time.thread_time() - began) * 1e6 / times)
    return round(statistics.median(took), 2)
