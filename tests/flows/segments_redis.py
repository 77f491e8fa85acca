"""A Redis as flows leave it, for tests of `touchline segments`."""

import msgspec
from redis import Redis

from connectors.kafka.murmur2 import partition_of
from state.profile import Profile, encode_profile
from state.store.counters import SINCE_MS
from state.store.keys import shard_keys

SHARDS = 4
SINCE = 1_767_225_600_000  # 2026-01-01T00:00:00Z
PLAYBOOK = """\
channels: [click]
placements: {home: {channels: [click]}}
offers: {}
segments:
  vip: {title: Our best, when: profile.orders.value_90d >= 2000.0}
  full: {title: Full, when: profile.cart.value >= 150.0, until: profile.cart.value < 9.0, dwell: 2h}
  empty: {title: Nobody, when: 'false'}
"""


def count(url: str, shard: int, counters: dict[str, int]) -> None:
    """What a shard has counted."""
    with Redis.from_url(url) as redis:
        redis.set(shard_keys(shard).counters, msgspec.msgpack.encode(counters))


def counted(url: str) -> str:
    """Three vips, two with a full cart, and one in a segment that the playbook has no more."""
    count(url, 0, {SINCE_MS: SINCE, "segment.entered:vip": 4, "segment.exited:vip": 2, "a:b": 9})
    second = {"segment.entered:vip": 1_000, "segment.exited:vip": 999, "segment.entered:old": 1}
    count(url, 3, {SINCE_MS: SINCE - 86_400_000, "segment.entered:full": 2, **second})
    return url


def stored(url: str, customers: dict[str, dict[str, int]]) -> None:
    """Customer id → segment → since when, ms."""
    with Redis.from_url(url) as redis:
        for customer, segments in customers.items():
            prefix = shard_keys(partition_of(customer, SHARDS)).profile_prefix
            redis.set(prefix + customer.encode(), encode_profile(Profile(segments=segments)))
