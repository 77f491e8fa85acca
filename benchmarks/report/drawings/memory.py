"""Memory over time: backlogs worked off, programs in turn, open loops; a panel for each."""

from typing import TYPE_CHECKING

from benchmarks.report.drawings.colours import SERIES
from benchmarks.results import Results, Sample

if TYPE_CHECKING:
    from matplotlib.figure import Figure


Lines = dict[str, list[Sample]]


def draw_memory(figure: "Figure", results: Results) -> str:
    """Of every run that was sampled; there must be one."""
    panels = {title: lines for title, lines in _panels(results).items() if lines}
    top = max(mb for lines in panels.values() for samples in lines.values() for _, mb in samples)
    every = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (title, lines) in zip(every, panels.items(), strict=True):
        for (name, samples), colour in zip(lines.items(), SERIES, strict=False):
            seconds, resident_mb = zip(*samples, strict=True)
            axes.plot(seconds, resident_mb, ".-", color=colour, label=name)
        axes.set_title(title, loc="left")
        axes.set_xlabel("seconds")
        axes.set_ylim(0, top * 1.15)
        axes.legend(loc="lower right")
    every[0].set_ylabel("resident MB of the process")
    return "Memory over time, a sample a second"


def _panels(results: Results) -> dict[str, Lines]:
    backlogs: Lines = {}
    usual = results.throughput.memory if results.throughput is not None else None
    for memory in (usual, results.memory):
        if memory is not None:
            backlogs[f"a cache of {memory.cache_profiles:,} profiles"] = memory.samples
    in_turn: Lines = {}
    for program in results.rounds.programs if results.rounds is not None else ():
        in_turn[program.name] = program.runs[-1].samples
    loops = {f"{at.rate:,.0f} events/s": at.samples for at in results.latency}
    return {
        "the flow, a backlog": backlogs,
        "in turn, the last round": in_turn,
        "the flow, open loops": loops,
    }
