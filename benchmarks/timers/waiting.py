"""A process of the flow whose shards have many timers in Redis: its memory, and how it fires."""

import random
import time

import redis

from benchmarks.progress import Progress
from benchmarks.resident import resident
from benchmarks.results import Waiting
from benchmarks.rig import Rig, scrape, services, touchpoints
from benchmarks.usage import usage_of
from connectors.kafka.murmur2 import partition_of
from flows.processor.upkeep import STANDING_EVERY_S
from flows.settings import Settings
from state.store.keys import shard_keys

CACHE = 1_000
"""Profiles: with the usual 100,000 their memory would be counted as that of timers."""
SETTLE_S = 4.0
"""How long a process that has nothing to do is watched."""
DONE_S = 300.0
LOOK_S = 0.5
BATCH = 10_000
FAR_MS = 90 * 86_400_000
NONE, FAR, SOON, ONCE = "none", "all far", "all within a minute", "all at the same time"


def measure_waiting(timers: int, tell: Progress) -> list[Waiting]:
    """Without timers; with all of them far; with all due, and gone, one after the other or all at
    the same time. Those whom they are of have no profile: what deciding takes is not measured."""
    found: list[Waiting] = []
    for what in (NONE, FAR, SOON, ONCE):
        tell.say(f"timers: a process with {0 if what == NONE else timers:,}, {what}")
        with services(TOUCHLINE_CACHE_PROFILES=str(CACHE)) as rig:
            with touchpoints(rig):
                pass  # the shards are there from now on
            if what != NONE:
                _put(rig, timers, what)
            base = found[0].resident_mb if found else 0.0
            found.append(_watched(rig, what, 0 if what == NONE else timers, base))
    return found


def _put(rig: Rig, timers: int, what: str) -> None:
    """Into Redis, due as `what` says."""
    dice, now_ms = random.Random(1), time.time_ns() // 1_000_000
    partitions = Settings().partitions
    with redis.Redis.from_url(rig.redis.redis_url) as client:
        for begin in range(0, timers, BATCH):
            batch: dict[int, dict[str, int]] = {}
            for number in range(begin, min(begin + BATCH, timers)):
                customer = f"customer-{number}"
                due_ms = {
                    FAR: now_ms + dice.randrange(FAR_MS // 9, FAR_MS),
                    SOON: now_ms - dice.randrange(60_000),
                    ONCE: now_ms - 60_000,
                }[what]
                batch.setdefault(partition_of(customer, partitions), {})[customer] = due_ms
            for shard, dues in batch.items():
                client.zadd(shard_keys(shard).timers, dues)


def _watched(rig: Rig, what: str, timers: int, base_mb: float) -> Waiting:
    fires = what in (SOON, ONCE)
    before = time.monotonic()
    with touchpoints(rig) as flow, resident(flow.process.pid, 0.1) as samples:
        spent = usage_of(flow.process.pid).cpu_s
        if fires:
            _until_none_is_left(rig, before)
            seconds = time.monotonic() - flow.ready_at
        else:
            time.sleep(SETTLE_S)
            seconds = 0.0
        flow.check()
        spent = usage_of(flow.process.pid).cpu_s - spent
        time.sleep(2 * STANDING_EVERY_S)  # for the gauge to be of now
        known = int(scrape(flow)["touchline_timers_known{}"])
    most = max(mb for _, mb in samples)
    return Waiting(
        what=what,
        timers=timers,
        resident_mb=round(most, 1),
        more_mb=round(most - base_mb, 1) if base_mb else 0.0,
        known=known,
        seconds=round(seconds, 2),
        us_per_timer=round(spent * 1e6 / timers, 2) if fires else 0.0,
    )


def _until_none_is_left(rig: Rig, began: float) -> None:
    """Raises RuntimeError after five minutes."""
    keys = [shard_keys(shard).timers for shard in range(Settings().partitions)]
    with redis.Redis.from_url(rig.redis.redis_url) as client:
        while left := sum(client.zcard(key) for key in keys):
            if time.monotonic() - began > DONE_S:
                raise RuntimeError(f"{left:,} timers were left {DONE_S:.0f} s after they were due")
            time.sleep(LOOK_S)
