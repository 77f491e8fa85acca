"""All about timers, one after the other."""

import tempfile
from pathlib import Path

from benchmarks.progress import Progress
from benchmarks.results import Timers
from benchmarks.rig import services
from benchmarks.timers.customers import measure_customers
from benchmarks.timers.index import measure_index
from benchmarks.timers.lateness import measure_lateness
from benchmarks.timers.waiting import measure_waiting

RATE = 500.0
"""Events a second: half of what the embedded Kafka holds."""
FEW_CUSTOMERS = 10_000


def measure_timers(timers: int, active: int, rounds: int, seconds: float, tell: Progress) -> Timers:
    """`timers` in one process; customers who are as many, with events of `active` of them; an open
    loop of `seconds`."""
    tell.say(f"timers: {timers:,} of one shard, armed and fired")
    with services() as rig:
        index = measure_index(rig, timers)
    with tempfile.TemporaryDirectory(prefix="touchline-bench-") as folder:
        lateness, not_held = measure_lateness(RATE, seconds, Path(folder), tell)
    counts = (FEW_CUSTOMERS, max(timers, FEW_CUSTOMERS))
    return Timers(
        index=index,
        waiting=measure_waiting(timers, tell),
        lateness=lateness,
        not_held=not_held,
        customers=measure_customers(counts, active, rounds, tell),
    )
