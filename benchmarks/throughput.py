"""How fast one process works off a backlog, what each event costs, and whether memory stays."""

import os
import time
from collections.abc import Callable, Mapping

import redis
from msgspec import Struct

from benchmarks.backlog import fill, simulated
from benchmarks.progress import Progress
from benchmarks.resident import resident
from benchmarks.results import Held, Memory, Throughput
from benchmarks.rig import Child, Numbers, Rig, scrape, services, touchpoints, usages
from benchmarks.usage import Usage, machine_busy_s, usage_of, used_between
from flows.metrics.catalogue import STAGES
from flows.settings import Settings
from state.store.counters import read_counters

WINDOW_S = 10.0
LOOK_S = 0.1
"""Progress is read from Redis (one MGET), so that looking costs the flow itself nothing."""
HELD_AT = (0.1, 0.25, 0.5, 0.75, 1.0)
STALLED_S = 60.0
OUTCOMES = ("accepted:", "duplicate:", "dead_letter:")

FULL_EARLY = 200
"""A cache of a 200th of the events is full half-way. At the default it is still filling up when the
backlog is done."""


class Worked(Struct, frozen=True):
    """A backlog that a flow has worked off."""

    seconds: float
    """From ready until the last event was committed."""
    windows: list[float]
    used_s: dict[str, float]
    """touchpoints, kafka, redis → processor seconds."""
    librdkafka_s: float
    counted: Mapping[str, int]
    other_load: float


def measure_throughput(events: int, tell: Progress, bad: float = 0.0) -> Throughput:
    """Fill the topics with `events`, start the flow, and watch until all are committed."""
    return _measure(events, tell, bad, "throughput", Settings().cache_profiles)


def measure_memory(events: int, tell: Progress) -> Memory:
    """The same with a profile cache that is full early: from then on memory should not grow."""
    return _measure(events, tell, 0.0, "memory", max(events // FULL_EARLY, 16)).memory


def _measure(events: int, tell: Progress, bad: float, what: str, cache: int) -> Throughput:
    held: list[Held] = []
    with services(TOUCHLINE_CACHE_PROFILES=str(cache)) as rig:
        fill(rig, simulated(events, bad), tell, what)
        with touchpoints(rig) as flow, resident(flow.process.pid) as samples:

            def look(done: int) -> None:
                while len(held) < len(HELD_AT) and done >= HELD_AT[len(held)] * events:
                    cached = int(scrape(flow)["touchline_profiles_cached{}"])
                    resident_mb = usage_of(flow.process.pid).resident_mb
                    held.append(Held(HELD_AT[len(held)], resident_mb, cached))

            worked = work_off(rig, flow, events, tell, what, look)
            numbers = scrape(flow)
    return _throughput(events, worked, numbers, Memory(cache, held, samples))


def work_off(
    rig: Rig,
    flow: Child,
    events: int,
    tell: Progress,
    what: str,
    look: Callable[[int], None] = lambda _: None,
) -> Worked:
    """Watch `flow` until `events` are committed; `look` is told how many are, every 0.1 s.

    Raises RuntimeError when the flow ends or stalls, or accounts for another number of events.
    """
    client = redis.Redis.from_url(rig.redis.redis_url)
    shards = Settings().partitions
    began, before, busy_before = flow.ready_at, usages(rig, flow), sum(machine_busy_s())
    own_before = sum(os.times()[:2])
    done, moved_at, window_done, window_at = 0, began, 0, began
    windows: list[float] = []
    counted: Mapping[str, int] = {}
    while done < events:
        time.sleep(LOOK_S)
        flow.check()
        counted = read_counters(client, shards)
        now = time.monotonic()
        taken = total(counted, OUTCOMES)
        if taken == done and now - moved_at > STALLED_S:
            raise RuntimeError(f"nothing moved for {STALLED_S:.0f} s at {done:,} of {events:,}")
        moved_at, done = now if taken > done else moved_at, taken
        look(done)
        if now - window_at >= WINDOW_S and done < events:
            windows.append(round((done - window_done) / (now - window_at), 1))
            window_done, window_at = done, now
            tell.say(f"{what}: {done:,} of {events:,} events, {windows[-1]:,.0f} a second")
    seconds = moved_at - began
    after, busy_s = usages(rig, flow), sum(machine_busy_s()) - busy_before
    client.close()
    if done != events:
        raise RuntimeError(f"{events:,} events were written and {done:,} accounted for")
    used_s = used_between(before, after)
    own_s = sum(os.times()[:2]) - own_before
    return Worked(
        seconds=seconds,
        windows=windows or [round(events / seconds, 1)],
        used_s=used_s,
        librdkafka_s=_librdkafka_s(after, flow) - _librdkafka_s(before, flow),
        counted=counted,
        other_load=round(max(busy_s - sum(used_s.values()) - own_s, 0) / seconds, 2),
    )


def _librdkafka_s(used: Mapping[str, Usage], flow: Child) -> float:
    return used[flow.process.name].librdkafka_s


def _throughput(events: int, worked: Worked, numbers: Numbers, memory: Memory) -> Throughput:
    per_event = 1e6 / events
    processes = {
        "touchpoints": worked.used_s["touchpoints"],
        "touchpoints: librdkafka": worked.librdkafka_s,
        "kafka": worked.used_s["kafka"],
        "redis": worked.used_s["redis"],
    }
    python_s = worked.used_s["touchpoints"] - worked.librdkafka_s
    return Throughput(
        events=events,
        seconds=round(worked.seconds, 2),
        events_per_s=round(events / worked.seconds, 1),
        windows=worked.windows,
        window_s=WINDOW_S,
        stages_us=stages_us(numbers, python_s, events),
        process_us={name: round(spent * per_event, 2) for name, spent in processes.items()},
        memory=memory,
        commits=int(numbers["touchline_commits_total{}"]),
        actions_per_event=round(total(worked.counted, ACTIONS) / events, 4),
        duplicates=total(worked.counted, ("duplicate:",)),
        dead_letters=total(worked.counted, ("dead_letter:",)),
        other_load=worked.other_load,
    )


ACTIONS = ("offer.", "alert.", "segment.")


def stages_us(numbers: Numbers, python_s: float, events: int) -> dict[str, float]:
    """Stage → processor µs for each event; *all else* is what is left of `python_s`."""
    spent = {stage: numbers[f"touchline_stage_cpu_seconds_total{{{stage}}}"] for stage in STAGES}
    spent["all else"] = python_s - sum(spent.values())
    return {stage: round(seconds * 1e6 / events, 2) for stage, seconds in spent.items()}


def total(counted: Mapping[str, int], kinds: tuple[str, ...]) -> int:
    """How many of all that is counted under names that begin with one of `kinds`."""
    return sum(count for name, count in counted.items() if name.startswith(kinds))
