"""One run of whatever is asked for, in the order in which it is estimated."""

import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from confluent_kafka import KafkaException
from redis import RedisError

from benchmarks.booking import measure_booking
from benchmarks.brokers import apache
from benchmarks.decisions.measure import measure_decisions
from benchmarks.latency import measure_latencies
from benchmarks.machine import this_machine, this_moment
from benchmarks.progress import Progress
from benchmarks.protocol import measure_protocol
from benchmarks.results import Latency, Results
from benchmarks.rounds import BARE, BYTEWAX, FLOW, RULELESS, SILENT, measure_rounds
from benchmarks.rules.measure import measure_rules
from benchmarks.sizes import (
    APACHE,
    DECISIONS,
    LATENCY,
    MEMORY,
    METRICS,
    PROTOCOL,
    ROUNDS,
    RULES,
    THROUGHPUT,
    TIMERS,
    Sizes,
)
from benchmarks.targets import targets_of
from benchmarks.throughput import measure_memory, measure_throughput
from benchmarks.timers.measure import measure_timers

FAILURES = (RuntimeError, ValueError, OSError, RedisError, KafkaException)
"""What a part of a run may end with; a service that cannot be started ends all of it."""

T = TypeVar("T")


def measure(
    what: Collection[str],
    sizes: Sizes,
    tell: Progress,
    *,
    bad: float,
    beside: Path | None,
    command: str,
    quick: bool,
) -> Results:
    """Everything in `what`, with embedded services. A part that fails is left out, and named.

    `bad` is the share of throughput's events that is broken, `beside` another checkout, whose flow
    runs in each round; `command` and `quick` are written into the results.

    Raises ServiceError when a service cannot be started.
    """
    failed: dict[str, str] = {}

    def part(name: str, measured: Callable[[], T], nothing: T) -> T:
        if name not in what:
            return nothing
        try:
            return measured()
        except FAILURES as error:
            failed[name] = str(error)
            tell.say(f"{name} failed: {error}")
            return nothing

    began, before, at = time.monotonic(), this_moment(), datetime.now(UTC)
    events, in_turn = sizes.events, sizes.round_events
    throughput = part(THROUGHPUT, lambda: measure_throughput(events, tell, bad), None)
    memory = part(MEMORY, lambda: measure_memory(events, tell), None)
    programs = _programs(what)
    rounds = part(
        ROUNDS if ROUNDS in what else METRICS,
        lambda: measure_rounds(programs, in_turn, sizes.rounds, tell, beside),
        None,
    )
    booking = part(METRICS, lambda: measure_booking(in_turn, tell), None)
    protocol = part(PROTOCOL, lambda: measure_protocol(in_turn, tell), None)
    rules = part(
        RULES, lambda: measure_rules(sizes.asked_events, in_turn, sizes.rounds, tell), None
    )
    timers = part(
        TIMERS,
        lambda: measure_timers(sizes.timers, sizes.active, sizes.rounds, sizes.seconds, tell),
        None,
    )
    decisions = part(
        DECISIONS,
        lambda: measure_decisions(sizes.decisions, sizes.seeds, tell, sizes.worlds),
        None,
    )
    unmeasured: tuple[list[Latency], str] = ([], "")
    latency, not_held = part(
        LATENCY, lambda: measure_latencies(sizes.rates, sizes.seconds, tell), unmeasured
    )
    with apache(sizes.apache_warm_up_s):
        on_apache, apache_not_held = part(
            APACHE, lambda: measure_latencies(sizes.apache_rates, sizes.seconds, tell), unmeasured
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
        protocol=protocol,
        latency=latency,
        not_held=not_held,
        apache=on_apache,
        apache_not_held=apache_not_held,
        failed=failed,
        targets=targets_of(
            throughput, memory, booking, protocol, latency, on_apache, rules, timers, decisions
        ),
        rules=rules,
        timers=timers,
        decisions=decisions,
    )


def _programs(what: Collection[str]) -> list[str]:
    """Who runs in turn; the flow first, which the others are compared with."""
    others = [BARE] if ROUNDS in what else []
    others += [SILENT] if METRICS in what else []
    others += [RULELESS, BYTEWAX] if ROUNDS in what else []
    return [FLOW, *others] if others else []
