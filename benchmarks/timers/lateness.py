"""How late time is: an open loop in which customers leave a segment a while after an event."""

import time
from pathlib import Path

from benchmarks.latency import SETTLE_S, NotHeld, of_buckets, send_all, settle, warm_up
from benchmarks.progress import Progress
from benchmarks.results import Lateness, spread
from benchmarks.rig import Rig, child, scrape, services, touchpoints, usages
from benchmarks.rules.playbooks import leaving
from benchmarks.timers.reader import SEGMENT
from benchmarks.usage import used_between

STAY_S = 5
"""How long a customer is in the segment after the event."""
METRIC = "touchline_timer_lateness_seconds"


def measure_lateness(
    rate: float, seconds: float, folder: Path, tell: Progress
) -> tuple[Lateness | None, str]:
    """At `rate` events a second, or why it was not held. `folder`: for the playbook."""
    playbook = folder / "leaving.yaml"
    playbook.write_text(leaving(SEGMENT, STAY_S))
    tell.say(f"timers: lateness, {rate:,.0f} events a second for {seconds:.0f} s")
    with services(TOUCHLINE_PLAYBOOK=str(playbook)) as rig:
        try:
            return _open_loop(rig, rate, seconds), ""
        except NotHeld as why:
            return None, f"{rate:,.0f} events/s: {why}"


def _open_loop(rig: Rig, rate: float, seconds: float) -> Lateness:
    with child(rig, "reader", "benchmarks.timers.reader") as reader, touchpoints(rig) as flow:
        began, before, began_ms = time.monotonic(), usages(rig, flow), time.time() * 1000
        sent = send_all(rig, 2, rate, seconds)
        settle(rig, len(sent.due_ns))
        elapsed, used = time.monotonic() - began, used_between(before, usages(rig, flow))
        time.sleep(STAY_S + SETTLE_S)
        flow.check()
        numbers = scrape(flow)
    skip_ms = warm_up(len(sent.due_ns), rate) / rate * 1000
    return Lateness(
        rate=rate,
        seconds=seconds,
        arrived=spread(
            [at_ms - due_ms for at_ms, due_ms in reader.more() if due_ms >= began_ms + skip_ms]
        ),
        own=of_buckets(numbers, METRIC),
        load={name: round(spent / elapsed, 3) for name, spent in used.items()},
    )
