"""Looking at what Redis holds of shards, without taking them."""

from collections.abc import Collection, Iterable

import redis

from state.fence import Fence, decode_fence
from state.store.keys import shard_keys


def read_fences(client: "redis.Redis", shards: Iterable[int]) -> dict[int, Fence]:
    """The fences of those of `shards` that have one. Raises redis.RedisError."""
    numbers = list(shards)
    stored = client.mget([shard_keys(shard).fence for shard in numbers])
    return {
        shard: decode_fence(blob)
        for shard, blob in zip(numbers, stored, strict=True)
        if isinstance(blob, bytes)
    }


def with_keys(client: "redis.Redis", shards: Collection[int]) -> set[int]:
    """Those of `shards` that Redis holds any key of; looks at all keys. Raises redis.RedisError."""
    prefixes = {shard_keys(shard).base: shard for shard in shards}
    found: set[int] = set()
    for key in client.scan_iter(b"touchline:{s*}:*", count=10_000):
        shard = prefixes.get(key[: key.index(b"}:") + 2])
        if shard is not None:
            found.add(shard)
            if len(found) == len(prefixes):
                break
    return found
