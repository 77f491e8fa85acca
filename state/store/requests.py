"""What who answers requests asks of Redis: a customer's profile, and what a request was given.

Guaranteed: of all that `claim` one request within KEPT_MS, one is the first, and the others are
given what that one brought. After a crash it is still there; a Redis that comes back from the past
may have forgotten it. Nothing of a customer's state is ever written.
"""

from typing import Final

import redis.asyncio
from msgspec import Struct, msgpack
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from state.decided import request_identity
from state.profile import Profile, decode_profile
from state.store.keys import asked_key, shard_keys
from state.store.world import StoredWorld, stored_world, world_keys

KEPT_MS: Final = 120_000
"""How long a request may be repeated, and is given the same."""
ANSWER_S: Final = 1.0
"""How long Redis may take to answer, or to be connected to."""


class Given(Struct, array_like=True, frozen=True, gc=False):
    """What a request is given."""

    document: bytes
    """The answer."""
    record: bytes
    """What says of it, in Kafka, what was decided anew; empty where nothing was."""


class Seen(Struct, frozen=True):
    """What there is when a request comes."""

    profile: Profile
    """A copy of the customer's own; empty for somebody never seen."""
    given: Given | None
    """What the request was given before, if anything."""


_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder(Given).decode


class Requests:
    """For one event loop. All calls raise redis.RedisError when Redis does not answer."""

    def __init__(self, url: str) -> None:
        self._client = redis.asyncio.Redis.from_url(
            url,
            socket_timeout=ANSWER_S,
            socket_connect_timeout=ANSWER_S,
            # Once more, as a connection may have been closed while nobody used it. A claim that is
            # made twice finds itself.
            retry=Retry(NoBackoff(), 1),
        )

    async def look_up(self, shard: int, customer_id: str, request: str | None) -> Seen:
        """The profile of a customer of `shard`, and with `request` what that was given.

        Raises ProfileUnreadable for what is no profile.
        """
        keys = [shard_keys(shard).profile_prefix + customer_id.encode()]
        if request is not None:
            keys.append(asked_key(request_identity(customer_id, request)))
        blob, *earlier = await self._client.mget(keys)
        return Seen(
            decode_profile(blob) if isinstance(blob, bytes) else Profile(),
            next((_decode(known) for known in earlier if isinstance(known, bytes)), None),
        )

    async def world(self, shard: int) -> StoredWorld:
        """What a shard knows of the world."""
        pipe = self._client.pipeline(transaction=False)
        for key in world_keys(shard):
            pipe.hgetall(key)
        return stored_world(await pipe.execute())

    async def claim(self, customer_id: str, request: str, given: Given) -> Given:
        """What the request is given from now on: `given`, or what somebody was faster with."""
        key = asked_key(request_identity(customer_id, request))
        before = await self._client.set(key, _encode(given), nx=True, get=True, px=KEPT_MS)
        return _decode(before) if isinstance(before, bytes) else given

    async def close(self) -> None:
        """Give the connections up."""
        await self._client.aclose()
