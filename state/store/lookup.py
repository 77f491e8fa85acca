"""What Redis knows of one customer, for people and tools to look at. Reads only."""

import redis
from msgspec import Struct

from state.profile import Profile, decode_profile
from state.store.keys import offers_key, shard_keys


class Known(Struct, frozen=True):
    """One customer as last committed."""

    customer_id: str
    shard: int
    profile: Profile
    offers: bytes | None
    """The serving key's JSON; None when it is absent or has expired."""


def look_up(client: "redis.Redis", customer_id: str, shard: int) -> Known | None:
    """What is known of `customer_id` in its `shard`; None for somebody never seen.

    Raises redis.RedisError when Redis does not answer, ProfileUnreadable for what is no profile.
    """
    key = shard_keys(shard).profile_prefix + customer_id.encode()
    blob, offers = client.mget([key, offers_key(customer_id)])
    if not isinstance(blob, bytes):
        return None
    document = offers if isinstance(offers, bytes) else None
    return Known(customer_id, shard, decode_profile(blob), document)
