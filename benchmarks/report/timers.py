"""Tables of timers."""

from benchmarks.report.sheet import Rows, Sheet, middle
from benchmarks.results import Customers, Index, Lateness, Timers, Waiting


def timers_sheets(found: Timers) -> list[Sheet]:
    """Each alone, a process that has many, how late they are, and customers who are only there."""
    sheets = []
    if found.index is not None:
        sheets.append(_index(found.index))
    if found.waiting:
        sheets.append(_waiting(found.waiting))
    if found.lateness is not None:
        sheets.append(_lateness(found.lateness))
    elif found.not_held:
        sheets.append(Sheet("Lateness of timers", ("", ""), [("not held", found.not_held)]))
    if found.customers:
        sheets.append(_customers(found.customers))
    return sheets


def _index(found: Index) -> Sheet:
    rows: Rows = [
        ("armed for a far time: index, ZADD", f"{found.arm_far_us:.2f}"),
        ("armed for the next minute: index, ZADD", f"{found.arm_near_us:.2f}"),
        ("fired: read, found due, ZREM", f"{found.fire_us:.2f}"),
    ]
    title = f"Timers: {found.timers:,} of one shard, 2,000 at once, CPU µs of each"
    return Sheet(title, ("", "µs"), rows)


def _waiting(found: list[Waiting]) -> Sheet:
    rows: Rows = [
        (
            f"{each.timers:,}, {each.what}" if each.timers else each.what,
            f"{each.resident_mb:,.0f}",
            f"{each.more_mb:+,.0f}",
            f"{each.known:,}",
            f"{each.seconds:,.1f}" if each.seconds else "",
            f"{each.us_per_timer:.1f}" if each.seconds else "",
        )
        for each in found
    ]
    header = (
        "timers in Redis",
        "resident MB, most",
        "more",
        "kept",
        "s",
        "CPU µs of each",
    )
    return Sheet("Timers of a touchpoints process; what is due leads to nothing", header, rows)


def _lateness(found: Lateness) -> Sheet:
    rows: Rows = [
        (name, f"{s.count:,}", f"{s.p50:,.0f}", f"{s.p90:,.0f}", f"{s.p99:,.0f}", f"{s.most:,.0f}")
        for name, s in (
            ("due → action read", found.arrived),
            ("the flow's own metric: due → commit (by bucket)", found.own),
        )
    ]
    title = (
        f"Lateness of timers in ms, {found.rate:,.0f} events/s for {found.seconds:.0f} s, "
        "embedded Kafka"
    )
    return Sheet(title, ("", "n", "p50", "p90", "p99", "max"), rows)


def _customers(found: list[Customers]) -> Sheet:
    rows: Rows = [
        (
            f"{each.customers:,}",
            f"{middle(each.cold_us):.1f}",
            f"{middle(each.warm_us):.1f}",
            f"{middle(each.redis_us):.1f}",
            ", ".join(f"{us:.1f}" for us in each.cold_us),
            ", ".join(f"{us:.1f}" for us in each.warm_us),
        )
        for each in found
    ]
    header = (
        "customers",
        "profile read",
        "profile there",
        "Redis's",
        "each: read",
        "there",
    )
    return Sheet("CPU µs of an event by how many customers there are", header, rows)
