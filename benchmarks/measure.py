"""One run of whatever is asked for, in the order in which it is estimated."""

import time
from collections.abc import Collection
from datetime import UTC, datetime

from benchmarks.booking import measure_booking
from benchmarks.latency import measure_latencies
from benchmarks.machine import this_machine, this_moment
from benchmarks.progress import Progress
from benchmarks.results import Results
from benchmarks.rounds import BARE, BYTEWAX, FLOW, SILENT, measure_rounds
from benchmarks.sizes import LATENCY, MEMORY, METRICS, ROUNDS, THROUGHPUT, Sizes
from benchmarks.targets import targets_of
from benchmarks.throughput import measure_memory, measure_throughput


def measure(
    what: Collection[str], sizes: Sizes, bad: float, command: str, quick: bool, tell: Progress
) -> Results:
    """Everything in `what`, with embedded services.

    Raises ServiceError when one of them cannot be started, and RuntimeError when a program fails or
    an event is not accounted for.
    """
    began, before, at = time.monotonic(), this_moment(), datetime.now(UTC)
    events, round_events = sizes.events, sizes.round_events
    throughput = measure_throughput(events, tell, bad) if THROUGHPUT in what else None
    memory = measure_memory(events, tell) if MEMORY in what else None
    programs = _programs(what)
    rounds = measure_rounds(programs, round_events, sizes.rounds, tell) if programs else None
    booking = measure_booking(round_events, tell) if METRICS in what else None
    latency, not_held = (
        measure_latencies(sizes.rates, sizes.seconds, tell) if LATENCY in what else ([], "")
    )
    return Results(
        at=at.isoformat(" ", "minutes"),
        command=command,
        quick=quick,
        took_s=round(time.monotonic() - began, 1),
        machine=this_machine(),
        before=before,
        after=this_moment(),
        throughput=throughput,
        memory=memory,
        rounds=rounds,
        booking=booking,
        latency=latency,
        not_held=not_held,
        targets=targets_of(throughput, memory, booking, latency),
    )


def _programs(what: Collection[str]) -> list[str]:
    """Who runs in turn; the flow first, which the others are compared with."""
    others = [BARE] if ROUNDS in what else []
    others += [SILENT] if METRICS in what else []
    others += [BYTEWAX] if ROUNDS in what else []
    return [FLOW, *others] if others else []
