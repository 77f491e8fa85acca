"""The table of docs/reliability.md: a row for each fault, written between two marks."""

import statistics
from collections.abc import Iterable, Sequence

from tests.faults.perform import Result

BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
HEAD = (
    "| fault | runs | events | times | lost | twice | second contents "
    "| s to recover (p50 / max) | seed |\n"
    "| --- | --: | --: | --: | --: | --: | --: | --: | --: |"
)

JUDGED = ("lost", "twice", "second_contents")


def rows(results: Iterable[Result]) -> dict[str, str]:
    """Name of a fault → its row, of all its runs together."""
    of_fault: dict[str, list[Result]] = {}
    for result in results:
        of_fault.setdefault(result.fault, []).append(result)
    return {name: _row(runs) for name, runs in of_fault.items()}


def _row(runs: Sequence[Result]) -> str:
    recoveries = [seconds for run in runs for seconds in run.recoveries]
    took = f"{statistics.median(recoveries):.1f} / {max(recoveries):.1f}" if recoveries else "-"
    first = f"`{runs[0].fault}`: {runs[0].about}"
    judged = [f"{sum(getattr(run, name) for run in runs):,}" for name in JUDGED]
    numbers = [
        *(f"{len(runs)}", f"{sum(run.events for run in runs):,}"),
        f"{sum(run.times for run in runs):,}",
        *(judged if runs[0].judged else ["-"] * len(JUDGED)),
        took if runs[0].judged else "refused",
        ", ".join(str(run.seed) for run in runs),
    ]
    return f"| {' | '.join([first, *numbers])} |"


def written(page: str, new: dict[str, str], order: Iterable[str]) -> str:
    """`page` with `new` rows in its table; those of other faults and all around it stay.

    Raises ValueError when the marks are not there.
    """
    before, found, rest = page.partition(BEGIN)
    table, closed, after = rest.partition(END)
    if not (found and closed):
        raise ValueError(f"expected the marks {BEGIN} and {END}, each on a line of its own")
    kept = {line.split("`")[1]: line for line in table.splitlines() if line.startswith("| `")}
    lines = kept | new
    body = "\n".join(lines[name] for name in order if name in lines)
    return f"{before}{BEGIN}\n{HEAD}\n{body}\n{END}{after}"
