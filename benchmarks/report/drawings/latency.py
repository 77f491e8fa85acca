"""Latency by rate: the flow's percentiles as lines, the broker alone's dashed below."""

from typing import TYPE_CHECKING

from benchmarks.report.drawings.colours import BLUE, GREEN, ORANGE
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
    note = f"\nnot held: {results.not_held}" if results.not_held else ""
    axes.set_xlabel(f"events a second, each sent when it is due{note}")
    axes.set_ylabel("ms from when it was due")
    # Logarithmic, since a median and a p99 at the highest rate lie far apart.
    axes.set_yscale("log", base=2)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_ylim(*_range(found))
    axes.legend(ncols=3, loc="upper left")
    return f"Latency by rate, open loop of {found[0].seconds:,.0f} s each"


def _range(found: list[Latency]) -> tuple[float, float]:
    """From below the lowest median to above the highest p99, with room for the legend."""
    spreads = [spread for at in found for spread in (at.offer, at.broker)]
    return min(s.p50 for s in spreads) / 1.5, max(s.p99 for s in spreads) * 2.5
