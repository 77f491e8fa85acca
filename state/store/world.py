"""What shards know of the world, as it stands in Redis. Reads only; blobs are as they were written.

Guaranteed: each answer is what some commit of the shard left; nothing is said of several shards at
one instant.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import redis
from msgspec import Struct

from state.store.keys import shard_keys

NUMBER = "number"
"""Among what a shard was told: the number of the last record. No arm is called so."""
_AT_ONCE = 5_000
"""Arms of a shard that are asked for in one command."""


class StoredWorld(Struct, frozen=True):
    """Of one shard: arm, product or budget → blob."""

    learned: dict[str, bytes]
    told: dict[str, bytes]
    products: dict[str, bytes]
    budgets: dict[str, bytes]


def world_keys(shard: int) -> tuple[bytes, ...]:
    """The hashes of a `StoredWorld`, in its order."""
    keys = shard_keys(shard)
    return keys.learned, keys.told, keys.products, keys.budgets


def read_world(client: "redis.Redis", shard: int) -> StoredWorld:
    """All that a shard knows. Raises redis.RedisError."""
    pipe = client.pipeline(transaction=False)
    for key in world_keys(shard):
        pipe.hgetall(key)
    return stored_world(pipe.execute())


def stored_world(answers: Sequence[Mapping[bytes, bytes]]) -> StoredWorld:
    """What Redis answered of the hashes that `world_keys` names."""
    return StoredWorld(*map(_named, answers))


def read_numbers(client: "redis.Redis", shards: int) -> list[int]:
    """The numbers of the last records that shards 0 to `shards` - 1 were told, 0 for none."""
    pipe = client.pipeline(transaction=False)
    for shard in range(shards):
        pipe.hget(shard_keys(shard).told, NUMBER)
    return [int(found or 0) for found in pipe.execute()]


def read_products(client: "redis.Redis", shards: int) -> list[dict[str, bytes]]:
    """What shards 0 to `shards` - 1 were told of products: product → blob, of each. Raises
    redis.RedisError."""
    pipe = client.pipeline(transaction=False)
    for shard in range(shards):
        pipe.hgetall(shard_keys(shard).products)
    return list(map(_named, pipe.execute()))


def read_budgets(
    client: "redis.Redis", shards: int
) -> tuple[dict[str, bytes], list[dict[str, bytes]]]:
    """Budget → what the ledger of shard 0 says of it; and what shards 0 to `shards` - 1 have of
    them: budget → blob, of each. Raises redis.RedisError."""
    pipe = client.pipeline(transaction=False)
    pipe.hgetall(shard_keys(0).ledger)
    for shard in range(shards):
        pipe.hgetall(shard_keys(shard).budgets)
    ledger, *purses = map(_named, pipe.execute())
    return ledger, purses


class Learned:
    """Follows what shards 0 to `shards` - 1 have counted."""

    def __init__(self, client: "redis.Redis", shards: int) -> None:
        self._client = client
        self._seen = [-1] * shards
        """The last commit of each that was asked about."""

    def changed(self) -> dict[int, dict[str, bytes]]:
        """Shard → arm → what it has counted by now, of those arms that changed since this was last
        asked; at first all. Raises redis.RedisError: then it is as if it had not been asked."""
        pipe = self._client.pipeline(transaction=False)
        for shard, seen in enumerate(self._seen):
            pipe.zrange(
                shard_keys(shard).learned_at, f"({seen}", "+inf", byscore=True, withscores=True
            )
        found: dict[int, dict[str, bytes]] = {}
        latest = list(self._seen)
        for shard, scored in enumerate(pipe.execute()):
            arms = [arm for arm, _ in scored]
            if arms:
                latest[shard] = int(scored[-1][1])
                found[shard] = self._read(shard, arms)
        self._seen = latest
        return found

    def _read(self, shard: int, arms: Sequence[bytes]) -> dict[str, bytes]:
        key = shard_keys(shard).learned
        found: dict[str, bytes] = {}
        for begin in range(0, len(arms), _AT_ONCE):
            asked = arms[begin : begin + _AT_ONCE]
            blobs: Any = self._client.hmget(key, [arm.decode() for arm in asked])
            found |= {
                arm.decode(): blob
                for arm, blob in zip(asked, blobs, strict=True)
                if blob is not None
            }
        return found


def _named(found: Mapping[bytes, bytes]) -> dict[str, bytes]:
    return {name.decode(): blob for name, blob in found.items()}
