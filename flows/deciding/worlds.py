"""What shards know of the world, as who answers requests sees it: a second old at most, mostly.

Read again in the background once it is older; only the first question to a shard waits for it. Of
what is read only what has changed is decoded: other questions wait for as long as that takes.
"""

import asyncio
import time
from collections.abc import Callable, Mapping

import redis
from msgspec import Struct
from msgspec.structs import astuple

from decisions.playbook import Playbook
from decisions.world import BARE, World
from flows.processor.world import bring_up, recall, rows_of
from state.store.requests import Requests
from state.store.world import StoredWorld

FRESH_S = 1.0


class _Known(Struct):
    """Of one shard."""

    read_s: float
    stored: StoredWorld
    world: World


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
        self._rows = rows_of(playbook)
        self._known: dict[int, _Known] = {}
        self._reading: dict[int, asyncio.Task[World]] = {}

    async def of(self, shard: int) -> World:
        """What a shard knows. Raises redis.RedisError where nothing is known and Redis is away."""
        if not self._playbook.looks_around:
            return BARE
        known = self._known.get(shard)
        if known is None:
            return await self._read(shard)
        if self._now_s() - known.read_s >= FRESH_S and shard not in self._reading:
            task = asyncio.create_task(self._read(shard))
            self._reading[shard] = task
            task.add_done_callback(lambda done: self._done(shard, done))
        return known.world

    def _done(self, shard: int, task: "asyncio.Task[World]") -> None:
        del self._reading[shard]
        if not task.cancelled() and isinstance(task.exception(), redis.RedisError):
            return  # what is known stays; the question itself finds out that Redis is away

    async def _read(self, shard: int) -> World:
        began_s = self._now_s()
        stored = await self._requests.world(shard)
        known = self._known.get(shard)
        if known is None or _forgets(known.stored, stored):
            world = recall(self._playbook, stored)
        else:
            world = known.world
            bring_up(world, self._rows, _changed(known.stored, stored))
        self._known[shard] = _Known(began_s, stored, world)
        return world


def _forgets(before: StoredWorld, after: StoredWorld) -> bool:
    """Whether something is there no more, as in a Redis that came back from the past."""
    pairs = zip(astuple(before), astuple(after), strict=True)
    return any(not old.keys() <= new.keys() for old, new in pairs)


def _changed(before: StoredWorld, after: StoredWorld) -> StoredWorld:
    pairs = zip(astuple(before), astuple(after), strict=True)
    return StoredWorld(*(_news(old, new) for old, new in pairs))


def _news(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: blob for name, blob in after.items() if before.get(name) != blob}
