"""The charts: which there are, what each needs, and how one becomes the bytes of a PNG."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from benchmarks.report.drawings.decisions import draw_decisions
from benchmarks.report.drawings.latency import draw_latency
from benchmarks.report.drawings.memory import draw_memory
from benchmarks.report.drawings.programs import draw_programs
from benchmarks.report.drawings.rules import draw_rules
from benchmarks.report.drawings.stages import draw_stages
from benchmarks.results import Results

if TYPE_CHECKING:  # only who writes charts needs what draws them
    from matplotlib.figure import Figure

FOLDER = "charts"
WIDTH, HEIGHT = 1_200, 600
"""Pixels of each."""
DOTS_PER_INCH = 120
STYLE: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that pixels are the same everywhere
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 9,
    "grid.color": "#e5e5e5",
    "legend.frameon": False,
}


class Chart(Struct, frozen=True):
    """One picture."""

    alt: str
    """What it shows, for who does not see it."""
    fits: Callable[[Results], bool]
    """Whether there is anything to show."""
    draw: Callable[["Figure", Results], str]
    """Fills the figure and returns its title."""


CHARTS = {
    "programs": Chart(
        "Events a second and CPU µs per event: touchline, the bare loop, plain Bytewax",
        lambda results: results.rounds is not None,
        draw_programs,
    ),
    "stages": Chart(
        "CPU µs per event of the touchpoints process, by stage",
        lambda results: results.throughput is not None,
        draw_stages,
    ),
    "memory": Chart(
        "Resident memory over time: backlogs worked off, and open loops",
        lambda results: bool(results.throughput or results.memory or results.latency),
        draw_memory,
    ),
    "latency": Chart(
        "Milliseconds from event to offer, p50, p90 and p99, by events a second",
        lambda results: bool(results.latency),
        draw_latency,
    ),
    "rules": Chart(
        "CPU µs per event by the number of rules, and the flow's events a second with few and many",
        lambda results: results.rules is not None,
        draw_rules,
    ),
    "decisions": Chart(
        "Regret over time, ours and the peers' best: rates that stay, drift, or hang on features",
        lambda results: results.decisions is not None,
        draw_decisions,
    ),
}
"""By file name, in `benchmarks/charts`, without `.png`."""


def png(chart: Chart, results: Results) -> bytes:
    """The picture of `results`: equal results give equal bytes with one version of matplotlib.

    Raises ImportError when that is not installed.
    """
    from matplotlib import rc_context  # noqa: PLC0415 - takes a second, and only --write draws
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - as above
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    with rc_context(STYLE):
        size = (WIDTH / DOTS_PER_INCH, HEIGHT / DOTS_PER_INCH)
        figure = Figure(figsize=size, dpi=DOTS_PER_INCH, layout="constrained")
        FigureCanvasAgg(figure)
        title = chart.draw(figure, results)
        figure.suptitle(f"{title}\n{_machine(results)}", x=0.01, ha="left", fontsize=11)
        drawn = io.BytesIO()
        figure.savefig(drawn, format="png", metadata={"Software": None})
    return drawn.getvalue()


def _machine(results: Results) -> str:
    machine = results.machine
    rough = "; QUICK, so rough" if results.quick else ""
    python = machine.python.partition(",")[0]
    return (
        f"{machine.processor}, {machine.cores} cores, {machine.memory_gb:.0f} GB, "
        f"{machine.system.partition('-')[0]}, Python {python}{rough}"
    )
