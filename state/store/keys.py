"""The key space in Redis. Nothing outside `state/` reads it, but for the serving key.

| key | type | holds |
| --- | --- | --- |
| `touchline:{sNN}:c:<customer id>` | string | the profile (msgpack, see `state.profile`) |
| `touchline:{sNN}:fence` | string | the fence (msgpack, see `state.fence`) |
| `touchline:{sNN}:outbox` | list | what may not be published, oldest first (`state.outbox`) |
| `touchline:{sNN}:counters` | string | absolute counts of the shard (msgpack map) |
| `touchline:{sNN}:origins` | hash | `<topic id>:<partition>` → next offset (`state.origins`) |
| `touchline:{sNN}:timers` | sorted set | customer id → when time may change something of it, ms |
| `touchline:{sNN}:journeys` | hash | `<journey>:<version>` → its text (`state.store.definitions`) |
| `touchline:{sNN}:learned` | hash | `<offer> <channel> <bucket>` → what it counted (msgpack) |
| `touchline:{sNN}:learned_at` | sorted set | the same names → the commit that changed it last |
| `touchline:{sNN}:told` | hash | the same names → what others counted (msgpack); `number` |
| `touchline:{sNN}:products` | hash | product id → what the catalogue says of it (msgpack) |
| `touchline:{sNN}:budgets` | hash | budget → what the shard has of it (msgpack, `state.budget`) |
| `touchline:{sNN}:ledger` | hash | budget → what all shards were given (msgpack); of shard 0 |
| `touchline:{sNN}:holders:stock:<product id>` | sorted set | who is served it, all at 0 |
| `touchline:{sNN}:holders:budget:<budget>` | sorted set | who is served an offer of it, all at 0 |
| `touchline:offers:<customer id>` | string with TTL | the serving key: JSON, for all to read |
| `touchline:asked:<32 hex digits>` | string with TTL | an answer (`state.store.requests`) |

NN is the shard's number in at least two digits; the braces put a shard into one cluster slot.
"""

from msgspec import Struct


class ShardKeys(Struct, frozen=True):
    """The keys of one shard."""

    base: bytes
    """What they all begin with, and no other key."""
    profile_prefix: bytes
    fence: bytes
    outbox: bytes
    counters: bytes
    origins: bytes
    timers: bytes
    journeys: bytes
    learned: bytes
    learned_at: bytes
    told: bytes
    products: bytes
    budgets: bytes
    ledger: bytes
    holders_prefix: bytes


def shard_keys(shard: int) -> ShardKeys:
    """The keys of shard `shard` (0 and up)."""
    base = f"touchline:{{s{shard:02d}}}:"
    return ShardKeys(
        base=base.encode(),
        profile_prefix=f"{base}c:".encode(),
        fence=f"{base}fence".encode(),
        outbox=f"{base}outbox".encode(),
        counters=f"{base}counters".encode(),
        origins=f"{base}origins".encode(),
        timers=f"{base}timers".encode(),
        journeys=f"{base}journeys".encode(),
        learned=f"{base}learned".encode(),
        learned_at=f"{base}learned_at".encode(),
        told=f"{base}told".encode(),
        products=f"{base}products".encode(),
        budgets=f"{base}budgets".encode(),
        ledger=f"{base}ledger".encode(),
        holders_prefix=f"{base}holders:".encode(),
    )


def offers_key(customer_id: str) -> bytes:
    """The serving key of a customer."""
    return b"touchline:offers:" + customer_id.encode()


def asked_key(request: bytes) -> bytes:
    """The key of a request; `request`: 16 bytes that name it."""
    return b"touchline:asked:" + request.hex().encode()
