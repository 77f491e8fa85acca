"""The results in words: one list of tables, drawn on a terminal or written as Markdown."""

import statistics
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct
from rich.console import Console
from rich.table import Table

from benchmarks.results import Latency, Memory, Peer, Results, Spread, Target, Throughput

README = Path(__file__).with_name("README.md")
BEGIN = "<!-- results: written by `make bench ARGS=--write` -->"
END = "<!-- end of results -->"

Rows = list[tuple[str, ...]]


class Sheet(Struct, frozen=True):
    """One table: a title, a header, rows of text."""

    title: str
    header: tuple[str, ...]
    rows: Rows


def sheets(results: Results) -> list[Sheet]:
    """All tables of a run, the most important first."""
    found = [_targets(results.targets)] if results.targets else []
    if results.throughput is not None:
        found += _throughput(results.throughput)
    if results.memory:
        found.append(_memory("Memory with a full profile cache", results.memory))
    if results.latency is not None:
        found += _latency(results.latency)
    if results.peers:
        found.append(_peers(results.peers))
    return [*found, _machine(results)]


def draw(results: Results, console: Console) -> None:
    """On a terminal, or as plain text in a file."""
    for sheet in sheets(results):
        table = Table(title=sheet.title, title_justify="left", title_style="bold")
        for column, name in enumerate(sheet.header):
            table.add_column(name, justify="right" if column else "left", overflow="fold")
        for row in sheet.rows:
            table.add_row(*row)
        console.print(table, markup=False)


def markdown(results: Results) -> str:
    """The same tables for a README."""
    parts = []
    for sheet in sheets(results):
        lines = [sheet.header, ("---", *["---:"] * (len(sheet.header) - 1)), *sheet.rows]
        table = "\n".join(f"| {' | '.join(row)} |" for row in lines)
        parts.append(f"**{sheet.title}**\n\n{table}\n")
    return "\n".join(parts)


def write(results: Results, readme: Path = README) -> None:
    """Replace what stands between the marks. Raises ValueError when they are not there."""
    text = readme.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{readme}: expected the lines {BEGIN} and {END}")
    readme.write_text(f"{before}{BEGIN}\n\n{markdown(results)}\n{END}{after}")


def _targets(targets: Iterable[Target]) -> Sheet:
    rows: Rows = [(t.name, t.wanted, t.got, "met" if t.met else "MISSED") for t in targets]
    return Sheet("Targets", ("", "wanted", "got", ""), rows)


def _throughput(found: Throughput) -> list[Sheet]:
    rows: Rows = [
        ("events", f"{found.events:,}"),
        ("from ready until the last is committed", f"{found.seconds:,.1f} s"),
        ("events/s, overall", f"{found.events_per_s:,.0f}"),
        (f"events/s, median window of {found.window_s:.0f} s", f"{_middle(found.windows):,.0f}"),
        ("events/s, window after window", ", ".join(f"{w:,.0f}" for w in found.windows)),
        ("flushes of a shard, committed", f"{found.commits:,}"),
        ("actions (offers, alerts, segments) per event", f"{found.actions_per_event:.3f}"),
        ("duplicates, dead letters", f"{found.duplicates:,}, {found.dead_letters:,}"),
        ("cores used by others meanwhile", f"{found.other_load:.2f}"),
    ]
    costs: Rows = [(name, f"{spent:.2f}") for name, spent in found.process_us.items()]
    thread = sum(found.stages_us.values())
    stages: Rows = [
        (name, f"{spent:.2f}", f"{100 * spent / thread:.0f} %")
        for name, spent in found.stages_us.items()
    ]
    stages.append(("all", f"{thread:.2f}", "100 %"))
    return [
        Sheet("Throughput: a backlog worked off by one process", ("", ""), rows),
        Sheet("CPU µs per event, by process", ("process", "µs"), costs),
        Sheet(
            "CPU µs per event of the touchpoints process without librdkafka, by stage",
            ("stage", "µs", "share"),
            stages,
        ),
        _memory("Memory of the touchpoints process, its cache filling up", found.memory),
    ]


def _memory(title: str, found: Iterable[Memory]) -> Sheet:
    rows: Rows = [
        (f"{100 * at.share:.0f} %", f"{at.resident_mb:,.0f}", f"{at.profiles:,}") for at in found
    ]
    return Sheet(title, ("of the events", "resident MB", "profiles held"), rows)


def _latency(found: Latency) -> list[Sheet]:
    rows = [
        _spread("event due → offer read", found.offer),
        _spread("broker alone: due → consumed → produced → acknowledged", found.broker),
        _spread("the flow's own metric: log → commit (by bucket)", found.own),
        _spread("part of both: the sender was late", found.sender),
        _spread("part of the first: key set → read (idle)", found.reader),
    ]
    stages: Rows = [(name, f"{spent:.2f}") for name, spent in found.stages_ms.items()]
    load: Rows = [(name, f"{cores:.2f}") for name, cores in found.load.items()]
    load.append(("everybody else", f"{found.other_load:.2f}"))
    return [
        Sheet(
            f"Latency in ms, open loop at {found.rate:,.0f} events/s for {found.seconds:,.0f} s",
            ("", "n", "p50", "p90", "p99", "max"),
            rows,
        ),
        Sheet("Elapsed ms of a stage in one flush at that rate, mean", ("stage", "ms"), stages),
        Sheet("Cores used at that rate", ("process", "cores"), load),
    ]


def _spread(name: str, found: Spread) -> tuple[str, ...]:
    values = (found.p50, found.p90, found.p99, found.most)
    return (name, f"{found.count:,}", *(f"{value:,.1f}" for value in values))


def _peers(peers: Iterable[Peer]) -> Sheet:
    rows: Rows = [
        (
            peer.name,
            f"{_middle(peer.events_per_s):,.0f}",
            f"{_middle(peer.process_us):.1f}",
            ", ".join(f"{rate:,.0f}" for rate in peer.events_per_s),
        )
        for peer in peers
    ]
    return Sheet("Side by side, in turn", ("", "events/s, median", "CPU µs/event", "runs"), rows)


def _machine(results: Results) -> Sheet:
    machine = results.machine
    rows: Rows = [
        ("measured", results.at),
        ("command", f"`{results.command}`"),
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
    return Sheet("Machine", ("", ""), rows)


def _middle(values: list[float]) -> float:
    return statistics.median(values)
