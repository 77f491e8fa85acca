"""The programs that ran in turn: speed and cost, a bar for the median and a dot for each round."""

from typing import TYPE_CHECKING

from benchmarks.report.drawings.colours import SERIES
from benchmarks.report.sheet import middle
from benchmarks.results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_programs(figure: "Figure", results: Results) -> str:
    """Of the rounds, which must be there."""
    found = results.rounds
    assert found is not None
    names = [program.name for program in found.programs]
    speed, cost = figure.subplots(1, 2, sharey=True)
    rates = [[run.events_per_s for run in program.runs] for program in found.programs]
    costs = [[run.cpu_us for run in program.runs] for program in found.programs]
    _bars(speed, names, rates, "events a second (more is better)", "{:,.0f}")
    _bars(cost, names, costs, "CPU µs per event (less is better)", "{:.1f} µs")
    speed.invert_yaxis()
    rounds = "1 round" if len(rates[0]) == 1 else f"{len(rates[0])} rounds"
    return f"The same input in turn, {rounds} of {found.events:,} events"


def _bars(axes: "Axes", names: list[str], values: list[list[float]], label: str, form: str) -> None:
    medians = [middle(each) for each in values]
    axes.barh(names, medians, color=SERIES[: len(names)])
    for place, each in enumerate(values):
        axes.scatter(each, [place] * len(each), s=12, color="black", zorder=3)
        text = form.format(medians[place])
        axes.annotate(
            text, (max(each), place), xytext=(7, 0), textcoords="offset points", va="center"
        )
    axes.set_xlim(0, max(max(each) for each in values) * 1.22)
    axes.set_xlabel(label)
    axes.grid(visible=False, axis="y")
