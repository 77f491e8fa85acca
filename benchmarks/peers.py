"""The flow beside plain Bytewax: the same input, in turn, so that the machine's moods hit both."""

import time

from benchmarks.progress import Progress
from benchmarks.results import Peer
from benchmarks.rig import child, services
from benchmarks.throughput import fill, measure_throughput
from benchmarks.usage import Usage, usage_of

ROUNDS = 3
LOOK_S = 0.05


def measure_peers(events: int, tell: Progress) -> list[Peer]:
    """Three rounds; in each the flow first, then the peer."""
    ours = Peer("touchline, all rules and outputs", events, [], [])
    theirs = Peer("the same profiles in plain Bytewax: no rules, no guarantees", events, [], [])
    for number in range(1, ROUNDS + 1):
        tell.say(f"peers: round {number} of {ROUNDS}, touchline")
        found = measure_throughput(events, tell)
        ours.events_per_s.append(found.events_per_s)
        ours.process_us.append(found.process_us["touchpoints"])
        tell.say(f"peers: round {number} of {ROUNDS}, plain Bytewax")
        seconds, cpu_s = _peer(events, tell)
        theirs.events_per_s.append(round(events / seconds, 1))
        theirs.process_us.append(round(1e6 * cpu_s / events, 2))
    return [ours, theirs]


def _peer(events: int, tell: Progress) -> tuple[float, float]:
    """Elapsed and processor seconds from its first word to its end."""
    with services() as rig:
        fill(rig, events, tell)
        with child(rig, "peer", "benchmarks.bytewax_peer") as peer:
            pid = peer.process.pid
            before = last = usage_of(pid)
            while peer.process.exit_code() is None:
                last = _last(pid, last)
                time.sleep(LOOK_S)
            return time.monotonic() - peer.ready_at, last.cpu_s - before.cpu_s


def _last(pid: int, before: Usage) -> Usage:
    try:
        return usage_of(pid)
    except (OSError, IndexError):  # it has ended meanwhile
        return before
