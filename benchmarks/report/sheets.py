"""All tables of a run, the most important first."""

from collections.abc import Iterable

from benchmarks.report.decisions import decisions_sheets
from benchmarks.report.latency import latency_sheets
from benchmarks.report.rounds import rounds_sheets
from benchmarks.report.rules import rules_sheets
from benchmarks.report.sheet import Rows, Sheet
from benchmarks.report.throughput import (
    booking_sheet,
    memory_sheet,
    protocol_sheet,
    throughput_sheets,
)
from benchmarks.report.timers import timers_sheets
from benchmarks.results import Results, Target
from benchmarks.targets import APACHE_RATE, RATE
from tests.brokers.libraries import VERSION

EMBEDDED = "Embedded Kafka"
APACHE = f"Apache Kafka {VERSION}, one node"


def sheets(results: Results) -> list[Sheet]:
    """What was measured, and on what."""
    found = [Sheet("FAILED", ("", "why"), list(results.failed.items()))] if results.failed else []
    found += [_targets(results.targets)] if results.targets else []
    if results.rounds is not None:
        found += rounds_sheets(results.rounds)
    if results.throughput is not None:
        found += throughput_sheets(results.throughput)
    if results.memory is not None:
        found.append(memory_sheet("Memory with a full profile cache", results.memory))
    if results.booking is not None:
        found.append(booking_sheet(results.booking))
    if results.protocol is not None:
        found.append(protocol_sheet(results.protocol))
    if results.rules is not None:
        found += rules_sheets(results.rules)
    if results.timers is not None:
        found += timers_sheets(results.timers)
    if results.decisions is not None:
        found += decisions_sheets(results.decisions)
    if results.latency or results.not_held:
        found += latency_sheets(results.latency, results.not_held, EMBEDDED, RATE, "latency")
    if results.apache or results.apache_not_held:
        found += latency_sheets(results.apache, results.apache_not_held, APACHE, APACHE_RATE)
    return [*found, _machine(results)]


def _targets(targets: Iterable[Target]) -> Sheet:
    rows: Rows = [(t.name, t.wanted, t.got, "met" if t.met else "MISSED") for t in targets]
    return Sheet("Targets", ("", "wanted", "got", ""), rows)


def _machine(results: Results) -> Sheet:
    machine = results.machine
    rows: Rows = [
        ("measured", results.at),
        ("command", f"`{results.command}`"),
        ("took", f"{results.took_s / 60:.1f} minutes"),
        ("processor", f"{machine.processor}, {machine.cores} cores"),
        ("memory", f"{machine.memory_gb:.0f} GB"),
        ("system", machine.system),
        ("Python", machine.python),
        ("packages", ", ".join(f"{name} {number}" for name, number in machine.packages.items())),
        ("load before, after", f"{results.before.load}; {results.after.load}"),
        (
            "a fixed Python loop before, after",
            f"{results.before.loop_ms:.1f} ms, {results.after.loop_ms:.1f} ms",
        ),
    ]
    if results.quick:
        rows.insert(0, ("QUICK", "small sizes, so these numbers are rough"))
    return Sheet("Machine", ("", ""), rows)
