"""Tables of a backlog worked off: speed, processor time, memory, and what metrics take of it."""

from benchmarks.protocol import FLUSH_EVENTS
from benchmarks.protocol_flow import PARTS
from benchmarks.report.sheet import Rows, Sheet, middle
from benchmarks.results import Booking, Memory, Protocol, Throughput


def throughput_sheets(found: Throughput) -> list[Sheet]:
    """Speed, processor time by process and by stage, memory."""
    rows: Rows = [
        ("events", f"{found.events:,}"),
        ("from ready until the last is committed", f"{found.seconds:,.1f} s"),
        ("events/s, overall", f"{found.events_per_s:,.0f}"),
        (f"events/s, median window of {found.window_s:.0f} s", f"{middle(found.windows):,.0f}"),
        ("events/s, window after window", ", ".join(f"{w:,.0f}" for w in found.windows)),
        ("flushes of a shard, committed", f"{found.commits:,}"),
        ("actions (offers, alerts, segments) per event", f"{found.actions_per_event:.3f}"),
        ("duplicates, dead letters", f"{found.duplicates:,}, {found.dead_letters:,}"),
        ("cores used by others meanwhile", f"{found.other_load:.2f}"),
    ]
    costs: Rows = [(name, f"{spent:.2f}") for name, spent in found.process_us.items()]
    return [
        Sheet("Throughput: a backlog worked off by one process", ("", ""), rows),
        Sheet("CPU µs per event, by process", ("process", "µs"), costs),
        Sheet(
            "CPU µs per event of the touchpoints process without librdkafka, by stage",
            ("stage", "µs", "share"),
            _stages(found.stages_us),
            "stages",
        ),
        memory_sheet("Memory of the touchpoints process, its cache filling up", found.memory),
    ]


def memory_sheet(title: str, memory: Memory) -> Sheet:
    """Points of a run at which some share of its events was through."""
    rows: Rows = [
        (f"{100 * at.share:.0f} %", f"{at.resident_mb:,.0f}", f"{at.profiles:,}")
        for at in memory.held
    ]
    header = ("of the events", "resident MB", "profiles held")
    return Sheet(f"{title} ({memory.cache_profiles:,} profiles)", header, rows, "memory")


def booking_sheet(found: Booking) -> Sheet:
    """Metrics' share."""
    rows: Rows = [
        ("share of the process's CPU", f"{100 * found.share:.2f} %"),
        ("CPU µs per flush of the process", f"{found.us_per_flush:,.1f}"),
        ("CPU µs per event", f"{found.us_per_event:.3f}"),
        ("flushes, events", f"{found.flushes:,}, {found.events:,}"),
    ]
    return Sheet("Metrics: a stopwatch around all that a flush books", ("", ""), rows)


def protocol_sheet(found: Protocol) -> Sheet:
    """The protocol's parts."""
    rows: Rows = [
        (f"{part}: {PARTS[part]}", f"{us:.3f}") for part, us in found.us_per_event.items()
    ]
    rows.append(("all", f"{sum(found.us_per_event.values()):.3f}"))
    note = (
        f"{found.events:,} events, {FLUSH_EVENTS:,} read at once, "
        f"{found.events_per_shard_flush:,.0f} in one flush of one shard."
    )
    title = "The commit protocol: a stopwatch around what exists for it alone, CPU µs per event"
    return Sheet(title, ("part", "µs"), rows, note=note)


def _stages(stages_us: dict[str, float]) -> Rows:
    thread = sum(stages_us.values())
    rows: Rows = [
        (name, f"{spent:.2f}", f"{100 * spent / thread:.0f} %") for name, spent in stages_us.items()
    ]
    return [*rows, ("all", f"{thread:.2f}", "100 %")]
