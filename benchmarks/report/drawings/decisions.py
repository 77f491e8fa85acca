"""Regret over time: ours, the best peers and the references; a panel for each scenario."""

from typing import TYPE_CHECKING

from benchmarks.report.drawings.colours import GREY, SERIES
from benchmarks.results import Learned, Learner, Results
from benchmarks.targets import of_a_peer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REFERENCES = ("random", "best in hindsight")
PEERS = 3
"""How many are drawn, those with the lowest regret in the end."""
ROOM = 1.6
"""Times the highest of the policies' means that is shown: random leaves the picture."""


def draw_decisions(figure: "Figure", results: Results) -> str:
    """Of a run that measured decisions."""
    found = results.decisions
    assert found is not None, "who draws asks first"
    (row,) = figure.subplots(1, len(found.learned), squeeze=False)
    for axes, learned in zip(row, found.learned, strict=True):
        lines = _lines(learned)
        for each in lines:
            share = [(at + 1) / len(each.regret) for at in range(len(each.regret))]
            decisions = [learned.rounds * at for at in share]
            reference, peer = each.name in REFERENCES, of_a_peer(each.name)
            colour = GREY if reference else SERIES[_place(each, lines)]
            style = ":" if reference else "--" if peer else "-"
            label = f"{each.name}: {each.regret[-1]:,.0f}"
            axes.plot(decisions, each.regret, style, color=colour, label=label)
            if not reference:
                axes.fill_between(
                    decisions, each.least, each.most, color=colour, alpha=0.08, linewidth=0
                )
        top = max(each.regret[-1] for each in lines if each.name not in REFERENCES)
        axes.set_ylim(0, ROOM * top)
        axes.set_title(f"{learned.scenario}: the oracle earns {learned.earned:,.0f}", loc="left")
        axes.set_xlabel("decisions")
        axes.set_ylabel("regret: what the oracle earned more")
        axes.legend(loc="upper left", fontsize=7)
    seeds, arms = found.learned[0].seeds, found.learned[0].arms
    return f"Policies that learn, {arms} arms: mean of {seeds} seeds, band from least to most"


def _lines(learned: Learned) -> list[Learner]:
    """Ours, the best peers, the references."""
    peers = sorted(
        (each for each in learned.learners if of_a_peer(each.name)),
        key=lambda each: each.regret[-1],
    )
    ours = [
        each
        for each in learned.learners
        if not of_a_peer(each.name) and each.name not in REFERENCES
    ]
    best = sorted(ours, key=lambda each: each.regret[-1])[:4]
    references = [each for each in learned.learners if each.name in REFERENCES]
    return [*best, *peers[:PEERS], *references]


def _place(learner: Learner, lines: list[Learner]) -> int:
    return next(at for at, each in enumerate(lines) if each.name == learner.name) % len(SERIES)
