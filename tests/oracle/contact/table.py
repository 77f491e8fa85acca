"""What was found, as a page of documentation has it."""

from collections.abc import Iterable, Sequence

from tests.oracle.contact.findings import Findings, OfBudget, OfCap

CAPS = (
    "| cap | counts: at most, within | decisions it could stop | counted | times full "
    "| fullest window | violations |\n| --- | --- | --: | --: | --: | --: | --: |"
)
BUDGETS = (
    "| budget | units | accepted | refused | decided | accepted above it "
    "| how long after: p50 / p99 / max, ms | decided once it was spent "
    "| how long after: p50 / p99 / max, ms |\n"
    "| --- | --: | --: | --: | --: | --: | --: | --: | --: |"
)
LAWS = "| what else holds | asked | violations |\n| --- | --: | --: |"
BEYOND = (
    "| cap | counted beyond it | fullest window | pages that showed it once full "
    "| how long after: p50 / p99 / max, ms |\n| --- | --: | --: | --: | --: |"
)


def tables(findings: Findings) -> str:
    """Three: the caps, what else must hold, and what was shown or accepted beyond a cap; and what
    came of budgets, where there are some."""
    caps = findings.caps.values()
    parts = [
        [CAPS, *map(_cap, caps)],
        [LAWS, *(_row(of.law, of.asked, of.violations) for of in findings.laws.values())],
        [BEYOND, *(_beyond(cap) for cap in caps if cap.of != "decided")],
    ]
    if findings.budgets:
        parts.append([BUDGETS, *map(_budget, findings.budgets.values())])
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
    took = _took(cap.delays_ms)
    late = cap.late_shows if cap.of == "shown" else "-"
    return _row(f"`{cap.name}`", cap.beyond, f"{cap.fullest} of {cap.most}", late, took)


def _budget(of: OfBudget) -> str:
    return _row(
        f"`{of.name}`{', hard' if of.hard else ''}",
        *(of.units, of.accepted, of.refused, of.decisions),
        *(len(of.above_ms), _took(of.above_ms)),
        *(len(of.decided_ms), _took(of.decided_ms)),
    )


def _took(delays_ms: Sequence[int]) -> str:
    return " / ".join(f"{ms:,.0f}" for ms in percentiles(delays_ms)) if delays_ms else "-"


def _row(*cells: object) -> str:
    return f"| {' | '.join(_texts(cells))} |"


def _texts(cells: Iterable[object]) -> list[str]:
    return [f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells]
