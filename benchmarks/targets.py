"""The promises, and what a run has to say about each."""

from collections.abc import Iterable, Iterator

from benchmarks.results import Booking, Latency, Memory, Protocol, Target, Throughput

EVENTS_PER_S = 30_000
GROWTH = 0.05
"""Of memory, from half of the events to all of them, with a full cache."""
RATE, P50_MS, P99_MS = 500, 20, 80
"""Events a second at which latency is promised on the embedded Kafka, and how much."""
APACHE_RATE, APACHE_P50_MS, APACHE_P99_MS = 1_000, 5, 20
"""The same on Apache Kafka."""
METRICS = 0.02
"""Share of processor time."""
PROTOCOL_US = 2.5
"""Of processor time an event, at 2,000 events a flush."""


def targets_of(
    throughput: Throughput | None,
    memory: Memory | None,
    booking: Booking | None,
    protocol: Protocol | None,
    latency: Iterable[Latency],
    apache: Iterable[Latency],
) -> list[Target]:
    """Those promises that what was measured has something to say about."""
    found = []
    if throughput is not None:
        rate = throughput.events_per_s
        wanted = f"≥ {EVENTS_PER_S:,} events/s"
        found.append(Target("throughput", wanted, f"{rate:,.0f} events/s", rate >= EVENTS_PER_S))
    if memory is not None:
        resident = {at.share: at.resident_mb for at in memory.held}
        grown = resident[1.0] / resident[0.5] - 1
        wanted = f"≤ {100 * GROWTH:+.0f} %"
        name = "memory from half to end"
        found.append(Target(name, wanted, f"{100 * grown:+.1f} %", grown <= GROWTH))
    if booking is not None:
        wanted, got = f"≤ {100 * METRICS:.0f} % of CPU", f"{100 * booking.share:.2f} %"
        found.append(Target("metrics", wanted, got, booking.share <= METRICS))
    if protocol is not None:
        spent = sum(protocol.us_per_event.values())
        wanted, got = f"≤ {PROTOCOL_US:.1f} µs an event", f"{spent:.2f} µs"
        found.append(Target("commit protocol", wanted, got, spent <= PROTOCOL_US))
    found += _of_loops(latency, RATE, P50_MS, P99_MS, "")
    found += _of_loops(apache, APACHE_RATE, APACHE_P50_MS, APACHE_P99_MS, ", Apache Kafka")
    return found


def _of_loops(
    latency: Iterable[Latency], rate: float, p50_ms: float, p99_ms: float, on: str
) -> Iterator[Target]:
    for at in latency:
        if at.rate != rate:
            continue
        promised = (("p50", at.offer.p50, p50_ms), ("p99", at.offer.p99, p99_ms))
        for percentile, got_ms, most in promised:
            name = f"event → offer {percentile} at {rate:,} events/s{on}"
            yield Target(name, f"≤ {most} ms", f"{got_ms:.1f} ms", got_ms <= most)
