"""Latency by rate: the flow's percentiles as lines, the broker alone's dashed below."""

from typing import TYPE_CHECKING

from benchmarks.report.drawings.colours import BLUE, GREEN, GREY, ORANGE
from benchmarks.results import Latency, Results, Spread

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

PERCENTILES: "tuple[tuple[str, str, Callable[[Spread], float]], ...]" = (
    ("p99", ORANGE, lambda spread: spread.p99),
    ("p90", GREEN, lambda spread: spread.p90),
    ("p50", BLUE, lambda spread: spread.p50),
)


def draw_latency(figure: "Figure", results: Results) -> str:
    """Of each rate; there must be one."""
    found = results.latency
    rates = [f"{at.rate:,.0f}" for at in found]
    axes = figure.subplots()
    for name, colour, of in PERCENTILES:
        offers = [of(at.offer) for at in found]
        axes.plot(rates, offers, "o-", color=colour, label=f"event → offer, {name}")
        axes.plot(
            rates,
            [of(at.broker) for at in found],
            ".--",
            color=colour,
            alpha=0.6,
            label=f"the broker alone, {name}",
        )
        for place, ms in enumerate(offers):
            axes.annotate(
                f"{ms:.0f}", (place, ms), xytext=(0, 6), textcoords="offset points", ha="center"
            )
    axes.set_xlabel("events a second, each sent when it is due")
    axes.set_ylabel("ms from when it was due")
    axes.set_ylim(bottom=0, top=_top(found))
    axes.legend(ncols=3, loc="upper left")
    if results.not_held:
        text = f"not held: {results.not_held}"
        axes.annotate(text, (1, 0.02), xycoords="axes fraction", ha="right", color=GREY, fontsize=8)
    return f"Latency by rate, open loop of {found[0].seconds:,.0f} s each"


def _top(found: list[Latency]) -> float:
    """Room for the legend above the lines."""
    return max(max(at.offer.p99, at.broker.p99) for at in found) * 1.35
