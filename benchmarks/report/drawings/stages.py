"""CPU per event by stage: a bar for each, in the order in which a flush goes through them."""

from typing import TYPE_CHECKING

from benchmarks.report.drawings.colours import BLUE, GREY
from benchmarks.results import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REST = ("all else", "librdkafka")
"""What is no stage."""


def draw_stages(figure: "Figure", results: Results) -> str:
    """Of the throughput run, which must be there."""
    found = results.throughput
    assert found is not None
    spent = {**found.stages_us, "librdkafka": found.process_us["touchpoints: librdkafka"]}
    total = sum(spent.values())
    axes = figure.subplots()
    colours = [GREY if name in REST else BLUE for name in spent]
    bars = axes.barh(list(spent), list(spent.values()), color=colours)
    labels = [f"{us:.2f} µs, {100 * us / total:.0f} %" for us in spent.values()]
    axes.bar_label(bars, labels, padding=4)
    axes.set_xlabel("CPU µs per event")
    axes.set_xlim(0, max(spent.values()) * 1.18)
    axes.grid(visible=False, axis="y")
    axes.invert_yaxis()
    return (
        f"What an event costs, by stage: {total:.1f} µs of CPU, {found.events_per_s:,.0f} events/s "
        f"({found.events:,} events)"
    )
