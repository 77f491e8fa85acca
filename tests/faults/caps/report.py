"""A run in words, for people and for the documentation."""

from typing import Any

from msgspec import to_builtins

from tests.faults.caps.run import OVERLAPS, Report
from tests.oracle.contact.table import percentiles, tables


def told(report: Report) -> str:
    """Markdown."""
    findings, names = report.findings, report.names
    p50, p99, most = report.latency_ms
    answers = sum(n for name, n in names.items() if name.startswith("Offer "))
    back = percentiles(report.recoveries or [0.0])
    points = ", ".join(f"{point} {n}" for point, n in sorted(report.at_points.items()))
    done = (
        f"{report.sent:,} events in {report.sending_s:,.0f} s, of them {answers:,} answers, "
        f"{report.repeated:,} sent twice, {report.late:,} sent later than they happened; "
        f"{report.accounted:,} in a commit; {findings.events:,} applied once to "
        f"{findings.customers:,} customers; {findings.decisions:,} decisions; "
        f"{findings.pages:,} pages read; learned by {report.learning}. Seed {report.seed}."
    )
    slept = report.counts.get(OVERLAPS, 0)
    killed = (
        f"{report.kills:,} kills -9, {sum(report.at_points.values()):,} of them at a named point "
        f"of a flush ({points or 'none'}); {slept:,} owners that woke up beside their successor "
        f"and were refused; back at work after p50 {back[0]:.1f} s, at most {back[2]:.1f} s; "
        f"{findings.repeats:,} records published again, byte for byte."
    )
    latency = (
        f"From an answer until a reader saw the offer gone: p50 {p50:,.0f} ms, p99 {p99:,.0f} ms, "
        f"at most {most:,.0f} ms, of {len(report.latencies_ms):,}, of which "
        f"{report.outlived:,} ended with the offer's own time."
    )
    lines = [tables(findings), done, killed, latency]
    if report.words:
        lines.append(f"The catalogue said {report.words:,} times what there is of a product.")
    for what, places in findings.places.items() if report.policy else ():
        lines += [f"{what}:\n" + "\n".join(f"  {place}" for place in places)]
    if findings.slack and report.policy:
        lines.append(f"Never full: {', '.join(findings.slack)}.")
    lines += [f"Trouble: {what}" for what in report.trouble]
    return "\n\n".join(lines)


def plain(report: Report) -> dict[str, Any]:
    """JSON values; of long lists of milliseconds p50, p99 and the maximum."""
    values: dict[str, Any] = to_builtins(report)
    values["holds"], values["violations"] = report.holds, report.findings.violations
    values["latencies_ms"] = report.latency_ms
    for name, cap in report.findings.caps.items():
        values["findings"]["caps"][name]["delays_ms"] = percentiles(cap.delays_ms or [0])
    return values
