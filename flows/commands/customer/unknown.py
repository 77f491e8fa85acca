"""Why nothing is known of an id that somebody typed: what it may have been meant to be."""

from collections.abc import Iterable

import redis

from connectors.kafka.murmur2 import partition_of
from state.fence import decode_fence
from state.store.keys import shard_keys

MOST_PARTITIONS = 1024


def why_unknown(client: "redis.Redis", customer_id: str, partitions: int) -> str:
    """One sentence, with what to check. Asks Redis. Raises redis.RedisError."""
    shard = partition_of(customer_id, partitions)
    said = f"nothing is known of {customer_id!r} in shard {shard} of {partitions}"
    known = _known(client, _spellings(customer_id), partitions)
    if known is not None:
        return f"{said}; {known!r} is known: an id counts as it is written, capitals and blanks too"
    cut = _partitions(client)
    if cut is None:
        return (
            f"{said}, nor of anybody: no flow has worked with this Redis; check --redis-url, or "
            "start the touchpoints flow"
        )
    if cut != partitions:
        elsewhere = _known(client, [customer_id], cut)
        there = "they are known there" if elsewhere is not None else "nor there, but that is right"
        return f"{said}; this Redis is cut into {cut} partitions, {there}: say --partitions {cut}"
    return (
        f"{said}; check the spelling, and in touchpoints.dead-letter whether their events were "
        "refused"
    )


def _spellings(customer_id: str) -> list[str]:
    """What is often meant instead."""
    stripped = customer_id.strip()
    others = (stripped, stripped.lower(), stripped.upper(), stripped.strip("'\""))
    return [other for other in dict.fromkeys(others) if other and other != customer_id]


def _known(client: "redis.Redis", ids: Iterable[str], partitions: int) -> str | None:
    for customer_id in ids:
        prefix = shard_keys(partition_of(customer_id, partitions)).profile_prefix
        if client.exists(prefix + customer_id.encode()):
            return customer_id
    return None


def _partitions(client: "redis.Redis") -> int | None:
    """Into how many partitions the flow's topics are cut, by the first fence there is."""
    blobs = client.mget([shard_keys(shard).fence for shard in range(MOST_PARTITIONS)])
    for blob in blobs:
        if isinstance(blob, bytes):
            try:
                return decode_fence(blob).partitions
            except ValueError:  # a later version's: it says nothing to us
                return None
    return None
