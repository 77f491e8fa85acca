"""What rules cost: processor time of an event by the number of rules, and the flow with them."""

from statistics import median
from typing import TYPE_CHECKING

from benchmarks.report.drawings.colours import SERIES
from benchmarks.results import Asked, Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COUNTED = ("alerts", "segments")


def draw_rules(figure: "Figure", results: Results) -> str:
    """Of a run that measured rules."""
    rules = results.rules
    assert rules is not None, "who draws asks first"
    curve, flow = figure.subplots(1, 2, width_ratios=(2, 1))
    for kind, colour in zip(COUNTED, SERIES, strict=False):
        points: list[Asked] = [each for each in rules.asked if each.kind == kind]
        curve.plot(
            [each.rules for each in points],
            [each.us_per_event for each in points],
            ".-",
            color=colour,
            label=kind,
        )
        for each in points:
            curve.plot([each.rules] * len(each.rounds_us), each.rounds_us, "_", color=colour)
    curve.set_title("fold and decide alone; a dash is a round", loc="left")
    curve.set_xlabel(f"rules of the playbook; alerts are spread over {rules.names} event names")
    curve.set_ylabel("CPU µs per event")
    curve.set_ylim(bottom=0)
    curve.legend(loc="lower right")
    speeds = [median([run.events_per_s for run in program.runs]) for program in rules.flow.programs]
    flow.bar([program.name for program in rules.flow.programs], speeds, color=SERIES[0])
    flow.set_title("the flow", loc="left")
    flow.set_ylabel("events/s, the median")
    return "What rules cost"
