"""The promises, and what a run has to say about each."""

from collections.abc import Iterable, Iterator

from benchmarks.results import (
    Booking,
    Choices,
    Decisions,
    Latency,
    Memory,
    Protocol,
    Rules,
    Target,
    Throughput,
    Timers,
)

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

MANY_RULES, RULE_US = 0.7, 0.5
"""Of the throughput with few rules, with many; and of processor time for each rule that an event
can concern."""
TIMERS_MB, TIMER_US, LATE_MS = 200, 3, 1_000
"""Of memory for a million timers; of processor time to arm one, and to fire it; and how late 99 %
of them are at most, at half of what the embedded Kafka holds."""
REGRET, DRAW_US, TABLE_MB = 1.05, 100, 20
PLAIN_US, DRAWN_US, MIX_US = 25, 100, 5
"""Of the lowest regret of any peer, in the end; µs of 200 draws of a decision, seeding included;
and of memory for the counters of 1,000 offers in 50 buckets."""


def targets_of(
    throughput: Throughput | None,
    memory: Memory | None,
    booking: Booking | None,
    protocol: Protocol | None,
    latency: Iterable[Latency],
    apache: Iterable[Latency],
    rules: Rules | None = None,
    timers: Timers | None = None,
    decisions: Decisions | None = None,
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
    if rules is not None:
        found += _of_rules(rules)
    if timers is not None:
        found += _of_timers(timers)
    if decisions is not None:
        found += _of_decisions(decisions)
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


def a_rule_us(rules: Rules) -> float:
    """Processor µs of one more alert that an event can concern: with the most of them, against the
    fewest."""
    few, *_, many = [each for each in rules.asked if each.kind == "alerts"]
    return many.more_us / (many.concerned - few.concerned)


def _of_rules(rules: Rules) -> Iterator[Target]:
    (ratio,) = [each.median for each in rules.flow.ratios if each.what == "throughput"]
    name = f"throughput with {rules.many:,} rules of that with {rules.few}"
    wanted = f"≥ {100 * MANY_RULES:.0f} %"
    yield Target(name, wanted, f"{100 * ratio:.0f} %", ratio >= MANY_RULES)
    each_us = a_rule_us(rules)
    name = "one more rule that an event can concern"
    yield Target(name, f"≤ {RULE_US} µs", f"{each_us:.2f} µs", each_us <= RULE_US)


def _of_timers(timers: Timers) -> Iterator[Target]:
    for each in timers.waiting:
        if each.timers:
            name = f"memory of {each.timers:,} timers, {each.what}"
            wanted, got = f"≤ {TIMERS_MB} MB", f"{each.more_mb:,.0f} MB"
            yield Target(name, wanted, got, each.more_mb <= TIMERS_MB)
    if (index := timers.index) is not None:
        arm_us = max(index.arm_far_us, index.arm_near_us)
        for name, us in (("arming a timer", arm_us), ("firing a timer", index.fire_us)):
            yield Target(name, f"≤ {TIMER_US} µs", f"{us:.2f} µs", us <= TIMER_US)
    if (late := timers.lateness) is not None:
        p99 = late.arrived.p99
        name = f"lateness p99 of timers at {late.rate:,.0f} events/s"
        yield Target(name, f"≤ {LATE_MS:,} ms", f"{p99:,.0f} ms", p99 <= LATE_MS)


def _of_decisions(decisions: Decisions) -> Iterator[Target]:
    for learned in decisions.learned:
        ends = {each.name: each.regret[-1] for each in learned.learners}
        peer = min((name for name in ends if of_a_peer(name)), key=lambda name: ends[name])
        ours = OURS_IN[learned.scenario]
        name = f"regret, {learned.scenario}: {ours} against the best peer, {peer}"
        ratio = ends[ours] / ends[peer]
        yield Target(name, f"≤ {100 * REGRET:.0f} %", f"{100 * ratio:.0f} %", ratio <= REGRET)
    for spent in decisions.spent:
        for ours, peers in SAME:
            fastest = min(peers, key=lambda name: spent.us[name])
            name = f"CPU of a decision, {spent.arms} arms: {ours} against {fastest}"
            most_us, ours_us = spent.us[fastest], spent.us[ours]
            yield Target(name, f"≤ {most_us:.0f} µs", f"{ours_us:.0f} µs", ours_us <= most_us)
    costs = decisions.costs
    name = f"{costs.draws} draws of a decision, seeding included"
    yield Target(name, f"< {DRAW_US} µs", f"{costs.draw_us:.0f} µs", costs.draw_us < DRAW_US)
    yield from _of_choices(decisions.choices)
    name = f"memory of {costs.counters:,} counters in {costs.shards} shards"
    wanted, got = f"≤ {TABLE_MB} MB", f"{costs.table_mb:.1f} MB"
    yield Target(name, wanted, got, costs.table_mb <= TABLE_MB)


SAME = (
    ("Thompson", ("MABWiser Thompson", "river Thompson")),
    ("linear Thompson", ("MABWiser LinTS",)),
)
"""Ours, and what is the same elsewhere."""


def _of_choices(found: Choices) -> Iterator[Target]:
    among = f"a choice among {found.treatments} treatments"
    for name, most, us in (
        (among, PLAIN_US, found.plain_us),
        (f"{among}, propensities drawn", DRAWN_US, found.drawn_us),
        ("choosing, of an event of the simulator", MIX_US, found.mix_event_us),
    ):
        yield Target(name, f"≤ {most} µs", f"{us:.1f} µs", us <= most)


def of_a_peer(name: str) -> bool:
    """Whether a policy of that name is MABWiser's or river's."""
    return name.startswith(("MABWiser", "river"))


OURS_IN = {"still": "Thompson", "drift": "Thompson, fading", "context": "linear Thompson"}
"""Which of ours is judged: the default, with counters that fade where rates change, and with
features where these matter."""
