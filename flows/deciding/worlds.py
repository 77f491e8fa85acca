"""What shards know of the world, as who answers requests sees it: a second old at most, mostly.

Read again in the background once it is older; only the first question to a shard waits for it.
"""

import asyncio
import time
from collections.abc import Callable

import redis

from decisions.playbook import Playbook
from decisions.world import BARE, World
from flows.processor.world import recall
from state.store.requests import Requests

FRESH_S = 1.0


class Worlds:
    """Belongs to one event loop."""

    def __init__(
        self,
        playbook: Playbook,
        requests: Requests,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._playbook = playbook
        self._requests = requests
        self._now_s = now_s
        self._known: dict[int, tuple[float, World]] = {}
        """Shard → (when it was read, what it knew)."""
        self._reading: dict[int, asyncio.Task[World]] = {}

    async def of(self, shard: int) -> World:
        """What a shard knows. Raises redis.RedisError where nothing is known and Redis is away."""
        if not self._playbook.looks_around:
            return BARE
        known = self._known.get(shard)
        if known is None:
            return await self._read(shard)
        if self._now_s() - known[0] >= FRESH_S and shard not in self._reading:
            task = asyncio.create_task(self._read(shard))
            self._reading[shard] = task
            task.add_done_callback(lambda done: self._done(shard, done))
        return known[1]

    def _done(self, shard: int, task: "asyncio.Task[World]") -> None:
        del self._reading[shard]
        if not task.cancelled() and isinstance(task.exception(), redis.RedisError):
            return  # what is known stays; the question itself finds out that Redis is away

    async def _read(self, shard: int) -> World:
        began_s = self._now_s()
        stored = await self._requests.world(shard)
        world = recall(self._playbook, stored)
        self._known[shard] = began_s, world
        return world
