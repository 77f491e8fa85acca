"""What the commit protocol costs, measured around the very calls that exist for it alone."""

from benchmarks.backlog import fill, simulated
from benchmarks.progress import Progress
from benchmarks.protocol_flow import PARTS
from benchmarks.results import Protocol
from benchmarks.rig import child, services
from benchmarks.throughput import work_off

FLUSH_EVENTS = 2_000
"""Events that are read, planned and committed at once, over all shards of the process."""


def measure_protocol(events: int, tell: Progress) -> Protocol:
    """A backlog worked off by the flow with a stopwatch around what the protocol does.

    The stopwatch's own cost is in it. Left out is what only Redis spends on it (one WATCH and one
    GET a shard), and waiting.
    """
    with services(TOUCHLINE_FLUSH_EVENTS=str(FLUSH_EVENTS)) as rig:
        fill(rig, simulated(events), tell, "protocol, a stopwatch around it")
        with child(rig, "timed", "benchmarks.protocol_flow") as flow:
            work_off(rig, flow, events, tell, "protocol")
        (said,) = flow.more()
    return Protocol(
        events=events,
        events_per_shard_flush=round(events / said["flushes"], 1),
        us_per_event={part: round(1e6 * said[part] / events, 3) for part in PARTS},
    )
