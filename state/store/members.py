"""Who is in a segment, by looking at every stored profile. Reads only, and works beside a flow.

Every customer who was known when it began and still is when it ends is looked at, each at a moment
of their own; somebody who comes meanwhile may be. Redis may name a key twice: a customer may come
out twice.
"""

from collections.abc import Callable, Iterator
from typing import Any

import redis

from state.profile import ProfileUnreadable, decode_profile

EVERYONE = b"touchline:{s*}:c:*"
AT_ONCE = 500
"""Profiles asked for in one command: it holds Redis up for a millisecond or two."""


def members(
    client: "redis.Redis", segment: str, looked_at: Callable[[int], None]
) -> Iterator[tuple[str, int]]:
    """(customer id, since when, ms) of those in `segment`, in no order; `looked_at` is told now and
    then at how many profiles was looked so far.

    Memory does not grow with the number of customers. Raises redis.RedisError; ProfileUnreadable,
    which names the customer.
    """
    cursor, count = 0, 0
    keys: Any  # bytes, as long as the client is not told to decode them
    while True:
        cursor, keys = client.scan(cursor, match=EVERYONE, count=AT_ONCE)
        for first in range(0, len(keys), AT_ONCE):
            some = keys[first : first + AT_ONCE]
            for key, blob in zip(some, client.mget(some), strict=True):
                if isinstance(blob, bytes):
                    count += 1
                    customer = key[key.index(b"}:c:") + 4 :].decode()
                    since = _since(customer, blob, segment)
                    if since is not None:
                        yield customer, since
        looked_at(count)
        if not cursor:
            return


def _since(customer: str, blob: bytes, segment: str) -> int | None:
    try:
        return decode_profile(blob).segments.get(segment)
    except ProfileUnreadable as error:
        raise ProfileUnreadable(f"customer {customer!r}: {error}") from None
