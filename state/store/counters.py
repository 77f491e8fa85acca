"""The absolute counts of shards: what has been committed since their state began. Reads only."""

from collections.abc import Iterator

import msgspec
import redis

from state.store.keys import shard_keys

SINCE_MS = "since_ms"
"""Among a shard's counts: the time of its first flush. No count, and never summed."""

_decode = msgspec.msgpack.Decoder(dict[str, int]).decode


def each_counters(client: "redis.Redis", shards: int) -> Iterator[dict[str, int]]:
    """Of each of the shards 0 to `shards` - 1 that has any. Raises redis.RedisError."""
    for blob in client.mget([shard_keys(shard).counters for shard in range(shards)]):
        if isinstance(blob, bytes):
            yield _decode(blob)


def read_counters(client: "redis.Redis", shards: int) -> dict[str, int]:
    """Sums of the counts over shards 0 to `shards` - 1. Raises redis.RedisError."""
    totals: dict[str, int] = {}
    for counters in each_counters(client, shards):
        for name, count in counters.items():
            if name != SINCE_MS:
                totals[name] = totals.get(name, 0) + count
    return totals
