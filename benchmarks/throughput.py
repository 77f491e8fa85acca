"""How fast one process works off a backlog, what each event costs, and whether memory stays."""

import itertools
import os
import random
import time
from collections.abc import Mapping

import redis

from benchmarks.progress import Progress
from benchmarks.results import Memory, Throughput
from benchmarks.rig import (
    CUSTOMERS,
    Child,
    Numbers,
    Rig,
    scrape,
    services,
    touchpoints,
    usages,
)
from benchmarks.usage import machine_busy_s, usage_of, used_between
from connectors.kafka.topics import channel_topic
from flows.metrics.catalogue import STAGES
from flows.settings import Settings
from flows.simulate.flaws import broken
from flows.simulate.stream import CLEAN_KIND, FLAT_OUT_RATE, stream
from state.store.shard_store import read_counters

WINDOW_S = 10.0
SMALL_CACHE = 5_000
"""Profiles held where memory is measured: so few that the cache is full half-way. At the default it
is still filling up when the backlog is done."""
LOOK_S = 0.1
"""Progress is read from Redis (one MGET), so that looking costs the flow itself nothing."""
MEMORY_AT = (0.1, 0.25, 0.5, 0.75, 1.0)
STALLED_S = 60.0
OUTCOMES = ("accepted:", "duplicate:", "dead_letter:")


def measure_throughput(events: int, tell: Progress, bad: float = 0.0) -> Throughput:
    """Fill the topics with `events`, start the flow, and watch until all are committed."""
    with services() as rig:
        fill(rig, events, tell, bad)
        with touchpoints(rig) as flow:
            return _watch(rig, flow, events, tell)


def measure_memory(events: int, tell: Progress) -> list[Memory]:
    """The same with a profile cache that is full early: from then on memory should not grow."""
    with services(TOUCHLINE_CACHE_PROFILES=str(SMALL_CACHE)) as rig:
        fill(rig, events, tell)
        with touchpoints(rig) as flow:
            return _watch(rig, flow, events, tell).memory


def fill(rig: Rig, events: int, tell: Progress, bad: float = 0.0) -> None:
    """Write simulated events that have happened up to now, the share `bad` of them broken."""
    producer = rig.producer(**{"linger.ms": 20, "queue.buffering.max.messages": 1_000_000})
    start_ms = time.time_ns() // 1_000_000 - events * 1000 // FLAT_OUT_RATE - 60_000
    dice = random.Random(1)
    topics = {channel: channel_topic(channel) for channel in Settings().channels}
    for number, event in enumerate(
        itertools.islice(stream(1, CUSTOMERS, start_ms, 0), events), start=1
    ):
        value = event.value
        if dice.random() < bad and event.kind == CLEAN_KIND:
            value = broken(dice, value, f"bad-{number}")
        producer.produce(topics[event.channel], value, event.key)
        if number % 10_000 == 0:
            producer.poll(0)
        if number % 100_000 == 0:
            tell.say(f"throughput: {number:,} of {events:,} events written to the topics")
    if left := producer.flush(60):
        raise RuntimeError(f"{left} events were not taken by the broker within 60 s")


def _watch(rig: Rig, flow: Child, events: int, tell: Progress) -> Throughput:
    client = redis.Redis.from_url(rig.redis.redis_url)
    shards = Settings().partitions
    began, before, busy_before = flow.ready_at, usages(rig, flow), sum(machine_busy_s())
    own_before = sum(os.times()[:2])
    done, moved_at, window_done, window_at = 0, began, 0, began
    windows: list[float] = []
    memory: list[Memory] = []
    while done < events:
        time.sleep(LOOK_S)
        flow.check()
        counted = read_counters(client, shards)
        now = time.monotonic()
        taken = _total(counted, OUTCOMES)
        if taken == done and now - moved_at > STALLED_S:
            raise RuntimeError(f"nothing moved for {STALLED_S:.0f} s at {done:,} of {events:,}")
        moved_at, done = now if taken > done else moved_at, taken
        while len(memory) < len(MEMORY_AT) and done >= MEMORY_AT[len(memory)] * events:
            resident = usage_of(flow.process.pid).resident_mb
            cached = int(scrape(flow)["touchline_profiles_cached{}"])
            memory.append(Memory(MEMORY_AT[len(memory)], resident, cached))
        if now - window_at >= WINDOW_S and done < events:
            windows.append(round((done - window_done) / (now - window_at), 1))
            window_done, window_at = done, now
            tell.say(f"throughput: {done:,} of {events:,} events, {windows[-1]:,.0f} a second")
    seconds = moved_at - began
    after, busy_s = usages(rig, flow), sum(machine_busy_s()) - busy_before
    client.close()
    if done != events:
        raise RuntimeError(f"{events:,} events were written and {done:,} accounted for")
    numbers = scrape(flow)
    used_s = used_between(before, after)
    own_s = sum(os.times()[:2]) - own_before
    kafka_s = after["touchpoints"].librdkafka_s - before["touchpoints"].librdkafka_s
    per_event = 1e6 / events
    return Throughput(
        events=events,
        seconds=round(seconds, 2),
        events_per_s=round(events / seconds, 1),
        windows=windows or [round(events / seconds, 1)],
        window_s=WINDOW_S,
        stages_us=_stages(numbers, used_s["touchpoints"] - kafka_s, per_event),
        process_us={
            name: round(spent * per_event, 2)
            for name, spent in {
                "touchpoints": used_s["touchpoints"],
                "touchpoints: librdkafka": kafka_s,
                "kafka": used_s["kafka"],
                "redis": used_s["redis"],
            }.items()
        },
        memory=memory,
        commits=int(numbers["touchline_commits_total{}"]),
        actions_per_event=round(_total(counted, ("offer.", "alert.", "segment.")) / events, 4),
        duplicates=_total(counted, ("duplicate:",)),
        dead_letters=_total(counted, ("dead_letter:",)),
        other_load=round(max(busy_s - sum(used_s.values()) - own_s, 0) / seconds, 2),
    )


def _stages(numbers: Numbers, python_s: float, per_event: float) -> dict[str, float]:
    spent = {stage: numbers[f"touchline_stage_cpu_seconds_total{{{stage}}}"] for stage in STAGES}
    spent["all else"] = python_s - sum(spent.values())
    return {stage: round(seconds * per_event, 2) for stage, seconds in spent.items()}


def _total(counted: Mapping[str, int], kinds: tuple[str, ...]) -> int:
    return sum(count for name, count in counted.items() if name.startswith(kinds))
