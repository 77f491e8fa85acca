"""What was found, as a page of documentation has it."""

from collections.abc import Iterable, Sequence

from tests.oracle.contact.findings import Findings, OfCap

CAPS = (
    "| cap | counts: at most, within | decisions it could stop | counted | times full "
    "| fullest window | violations |\n| --- | --- | --: | --: | --: | --: | --: |"
)
LAWS = "| what else holds | asked | violations |\n| --- | --: | --: |"
BEYOND = (
    "| cap | counted beyond it | fullest window | pages that showed it once full "
    "| how long after: p50 / p99 / max, ms |\n| --- | --: | --: | --: | --: |"
)


def tables(findings: Findings) -> str:
    """Three: the caps, what else must hold, and what was shown or accepted beyond a cap."""
    caps = findings.caps.values()
    parts = [
        [CAPS, *map(_cap, caps)],
        [LAWS, *(_row(of.law, of.asked, of.violations) for of in findings.laws.values())],
        [BEYOND, *(_beyond(cap) for cap in caps if cap.of != "decided")],
    ]
    return "\n\n".join("\n".join(part) for part in parts)


def percentiles(values: Sequence[float]) -> tuple[float, float, float]:
    """p50, p99 and the maximum of one value or more, by the nearest rank."""
    ranked = sorted(values)
    return ranked[len(ranked) // 2], ranked[len(ranked) * 99 // 100], ranked[-1]


def _cap(cap: OfCap) -> str:
    return _row(
        f"`{cap.name}`",
        cap.says,
        cap.decisions,
        cap.counted,
        cap.filled,
        f"{cap.fullest} of {cap.most}",
        cap.violations,
    )


def _beyond(cap: OfCap) -> str:
    took = "-"
    if cap.delays_ms:
        took = " / ".join(f"{ms:,.0f}" for ms in percentiles(cap.delays_ms))
    late = cap.late_shows if cap.of == "shown" else "-"
    return _row(f"`{cap.name}`", cap.beyond, f"{cap.fullest} of {cap.most}", late, took)


def _row(*cells: object) -> str:
    return f"| {' | '.join(_texts(cells))} |"


def _texts(cells: Iterable[object]) -> list[str]:
    return [f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells]
