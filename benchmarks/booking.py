"""What keeping metrics costs, measured around the very calls that do it."""

from benchmarks.backlog import fill, simulated
from benchmarks.progress import Progress
from benchmarks.results import Booking
from benchmarks.rig import child, services
from benchmarks.throughput import work_off


def measure_booking(events: int, tell: Progress) -> Booking:
    """A backlog worked off by the flow with a stopwatch around what keeps its metrics.

    The stopwatch's own cost is in it. Left out is what the steps note on their way for metrics,
    what is set once a second or less, and answering whoever asks for them.
    """
    with services() as rig:
        fill(rig, simulated(events), tell, "metrics, a stopwatch around them")
        with child(rig, "timed", "benchmarks.metered_flow", "timed") as flow:
            worked = work_off(rig, flow, events, tell, "metrics")
        (said,) = flow.more()
    spent_s = said["flushes_s"] + said["stages_s"]
    return Booking(
        events=events,
        flushes=said["flushes"],
        us_per_flush=round(1e6 * spent_s / said["flushes"], 1),
        us_per_event=round(1e6 * spent_s / events, 3),
        share=round(spent_s / worked.used_s["timed"], 5),
    )
