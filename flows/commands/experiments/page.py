"""A report for people."""

from collections.abc import Iterator

import click

from decisions.experimenting.differences import Interval
from decisions.experimenting.judge import LEAST_INFORMATION, Comparison, Verdict
from flows.commands.experiments.document import Report, troubles
from flows.commands.phrases import count

COUNTED = {
    "accepted": "customers who accepted an offer",
    "clicked": "customers who clicked an offer",
    "orders": "customers who ordered",
    "revenue": "revenue per customer",
}
HEADS = {"accepted": "accepted", "clicked": "clicked", "orders": "ordered", "revenue": "paid"}
VERDICTS: dict[Verdict, str] = {
    "better": "is better",
    "worse": "is worse",
    "open": "nothing is shown yet",
    "distrusted": "not to be trusted",
}


def lines(report: Report) -> Iterator[str]:
    """One after the other."""
    found = report.counted
    yield f"experiment {report.experiment.id}, by {COUNTED[report.success]}"
    yield f"received {_minute(found.span.first_at)} to {_minute(found.span.last_at)} UTC"
    for trouble in troubles(report):
        yield click.style(f"! {trouble}", fg="red")
    yield ""
    yield from _arms(report)
    for one in report.judged.comparisons:
        yield ""
        yield from _comparison(report, one)
    yield ""
    yield from _notes(report)


def _arms(report: Report) -> Iterator[str]:
    means = report.success == "revenue"
    heads = ("arm", "share", "customers", HEADS[report.success], "each" if means else "rate")
    rows = []
    for arm, share in report.experiment.arms:
        tally = report.counted.tallies[arm]
        if not tally.customers:
            last = "-"
        else:
            last = f"{tally.mean:,.2f}" if means else f"{tally.rate:.2%}".replace("%", " %")
        numbers = (f"{share} %", f"{tally.customers:,}", f"{tally.successes:,}", last)
        rows.append((arm, *numbers))
    rows.sort(key=lambda row: row[0] != report.judged.reference)
    wide = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for name, *cells in (heads, *rows):
        shown = "  ".join(f"{n:>{width}}" for n, width in zip(cells, wide[1:], strict=True))
        mark = "  reference" if name == report.judged.reference else ""
        yield f"{name:<{wide[0]}}  {shown}{mark}"


def _comparison(report: Report, one: Comparison) -> Iterator[str]:
    means = report.success == "revenue"
    relative = "" if one.relative is None else f" ({100 * one.relative:+.1f} %)"
    yield (
        f"{one.arm} beside {report.judged.reference}: {_signed(one.difference, means)}{relative}, "
        f"{VERDICTS[one.verdict]}"
    )
    yield f"  at any time  {_interval(one.anytime, means)}"
    yield f"  at one time  {_interval(one.once, means)}"


def _interval(interval: Interval | None, means: bool) -> str:
    if interval is None:
        return f"not before {LEAST_INFORMATION:.0f} successes, of customers who are not all alike"
    low, high = interval.low, interval.high
    return f"{_signed(low, means).removesuffix(' points')} to {_signed(high, means)}"


def _signed(value: float, means: bool) -> str:
    return f"{value:+,.2f}" if means else f"{100 * value:+.2f} points"


def _notes(report: Report) -> Iterator[str]:
    found, judged = report.counted, report.judged
    sure = f"{100 * (1 - judged.error):g} %"
    yield (
        f"at any time  look as often as you like, and stop by it: right at all times with {sure}, "
        "if successes are not few"
    )
    yield (
        f"at one time  right with {sure} at one time that was set beforehand; who looks daily and "
        "stops by it is misled far oftener"
    )
    compared = sum(1 for arm, share in report.experiment.arms if share and arm != judged.reference)
    if compared > 1:
        each = f"{100 * (1 - judged.error / compared):.4g} %"
        yield f"comparisons  {compared}: each interval at {each} (Bonferroni), all together {sure}"
    else:
        yield f"comparisons  {compared}: nothing to correct for"
    if not judged.ratio.mismatch:
        yield (
            f"shares       as the playbook says (chi-square {judged.ratio.statistic:.2f}, by "
            f"chance with {judged.ratio.probability:.2f})"
        )
    if not found.records.otherwise:
        decisions = count(found.records.decisions, "decision")
        yield f"records      {decisions}, each with the arm that the playbook deals"
    yield (
        f"left out     {found.no_arm:,} in no arm, {found.held_out:,} held out of all offers; "
        f"{found.span.events:,} events were looked at"
    )


def _minute(at: str | None) -> str:
    return "never" if at is None else at[:16].replace("T", " ")
