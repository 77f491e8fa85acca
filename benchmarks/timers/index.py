"""Arming and firing by themselves: the index of a shard, and what goes to Redis and comes back."""

import gc
import random
import time
from collections.abc import Iterable

from msgspec import structs

from benchmarks.results import Index
from benchmarks.rig import Rig
from state.fence import VERSION, Fence
from state.store.shard_store import Commit, ShardStore
from state.store.wire import Wire
from state.timers import Timer, TimerIndex

AT_ONCE = 2_000
"""Timers in one commit, or found due in one flush."""
NEAR_MS, FAR_MS = 60_000, 90 * 86_400_000
"""Within how long they are due."""


class OneShard:
    """A shard's timers as the flow keeps them: the next in memory, all in Redis."""

    def __init__(self, url: str, shard: int) -> None:
        self.index = TimerIndex()
        self._store = ShardStore(lambda: Wire(url), shard, "benchmark")
        self._fence = self._store.take(1, lambda: Fence(VERSION, "", 0, 0, 0, 16, 0, 0, None)).fence

    def learn(self, until_ms: int) -> None:
        """As a flush does before it takes what is due: see flows/processor/waking.py."""
        asked = self.index.most
        while not self.index.knows(until_ms, AT_ONCE):
            self.index.extend(self._store.timers(asked), asked, {})
            asked *= 2

    def write(self, timers: dict[str, int]) -> None:
        """What one flush changes."""
        for customer, due_ms in timers.items():
            self.index.set(customer, due_ms)
        self._fence = structs.replace(self._fence, commit=self._fence.commit + 1)
        self._store.begin_commit(Commit(self._fence, timers=timers))
        self._store.end()

    def close(self) -> None:
        self._store.close()


def measure_index(rig: Rig, timers: int) -> Index:
    """`timers` of one shard for far times; as many of another for near ones, then all those fired:
    each step as a flush does it, writing to Redis and reading from it included, but not what Redis
    takes."""
    dice = random.Random(1)
    far = [(dice.randrange(NEAR_MS, FAR_MS), f"customer-{n}") for n in range(timers)]
    near = [(dice.randrange(1, NEAR_MS), f"customer-{n}") for n in range(timers)]
    shards = [OneShard(rig.redis.redis_url, number) for number in range(2)]
    gc.collect()
    gc.disable()  # as in the flow
    try:
        for shard in shards:
            shard.learn(1)
        dice.shuffle(far)
        shards[0].index.horizon = (NEAR_MS - 1, "")  # as with others that are due before
        arm_far_us = _arm(shards[0], far)
        arm_near_us = _arm(shards[1], near)
        fired, fire_us = _fire(shards[1], NEAR_MS)
    finally:
        gc.enable()
        for shard in shards:
            shard.close()
    if fired != timers:
        raise RuntimeError(f"expected {timers:,} timers to fire, got {fired:,}")
    return Index(timers, round(arm_far_us, 3), round(arm_near_us, 3), round(fire_us, 3))


def _arm(shard: OneShard, timers: list[Timer]) -> float:
    """Processor µs of each."""
    batches = [{c: due for due, c in batch} for batch in _batches(timers)]
    began = time.thread_time()
    for batch in batches:
        shard.write(batch)
    return (time.thread_time() - began) * 1e6 / len(timers)


def _fire(shard: OneShard, until_ms: int) -> tuple[int, float]:
    """How many, and processor µs of each."""
    began, fired = time.thread_time(), 0
    while True:
        shard.learn(until_ms)
        due = shard.index.due(until_ms, AT_ONCE)
        if not due:
            return fired, (time.thread_time() - began) * 1e6 / max(fired, 1)
        fired += len(due)
        shard.write({customer: 0 for _, customer in due})


def _batches(timers: list[Timer]) -> Iterable[list[Timer]]:
    return (timers[at : at + AT_ONCE] for at in range(0, len(timers), AT_ONCE))
