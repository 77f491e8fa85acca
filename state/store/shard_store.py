"""One shard's state in Redis: taking it, fixing a plan, reading profiles, committing.

Guaranteed: a commit is one EXEC, guarded by a WATCH on the fence that was armed one round trip
before and compared with what this owner wrote last; it happens wholly or not at all, and not at all
once somebody else has taken the shard. After a crash or an unknown answer nothing is repeated here:
the shard is taken again and the fence says what was done.

Calls come as `begin_x` and `end_x`, so that several shards' round trips overlap.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec
import redis
from msgspec import Struct, field, structs

from state.fence import VERSION, Fence, decode_fence, encode_fence
from state.store.definitions import Definitions, Kept, encode, sort_out
from state.store.keys import offers_key, shard_keys
from state.store.wire import Command, Wire, WireLost

NO_ORIGINS: Mapping[str, int] = MappingProxyType({})
NO_DEFINITIONS: Mapping[str, str] = MappingProxyType({})


class Fenced(Exception):
    """Another owner has taken the shard; this one must leave it alone."""

    def __init__(self, said: str, owner: str = "") -> None:
        super().__init__(said)
        self.owner = owner
        """Who has it, where one shard is meant."""


class Refused(Exception):
    """Going on would break a promise; the text says what is wrong and what to do."""


class Unsettled(Exception):
    """The outcome is unknown or the fence is not as this owner left it: take the shard again."""


class FenceMoved(Unsettled):
    """Somebody has written the fence: taking the shard again tells who."""


PASSING = (redis.ReadOnlyError, redis.OutOfMemoryError, redis.exceptions.MasterDownError)
"""Answers that say "not now" and leave everything as it was."""


class Taken(Struct, frozen=True):
    """A shard just taken."""

    fence: Fence
    outbox: list[bytes]
    """Recorded entries that may not have been published, oldest first (see `state.outbox`)."""
    counters: dict[str, int]
    origins: dict[str, int] = field(default_factory=dict)
    """Sender of forwarded events → the lowest offset that is new (see `state.origins`)."""
    journeys: dict[str, str] = field(default_factory=dict)
    """Name → definition, of journeys that customers may follow and the playbook has no more."""
    learned: dict[str, bytes] = field(default_factory=dict)
    """Arm → what this shard counted of it (see `state.store.world`)."""
    told: dict[str, bytes] = field(default_factory=dict)
    """Arm → what all others counted of it."""
    products: dict[str, bytes] = field(default_factory=dict)
    """Product → what the catalogue says of it."""
    budgets: dict[str, bytes] = field(default_factory=dict)
    """Budget → what this shard has of it (see `state.budget`)."""
    ledger: dict[str, bytes] = field(default_factory=dict)
    """Budget → what all shards were given of it; of shard 0 only."""


class Commit(Struct):
    """All that one flush of one shard changes."""

    fence: Fence
    profiles: list[tuple[str, bytes]] = field(default_factory=list)
    """(customer id, stored form)."""
    serving: list[tuple[str, bytes, int]] = field(default_factory=list)
    """(customer id, JSON, when the key goes in ms since the epoch)."""
    outbox: list[bytes] = field(default_factory=list)
    """New entries."""
    trim: int = 0
    """How many of the oldest outbox entries are known to be published."""
    counters: dict[str, int] = field(default_factory=dict)
    origins: dict[str, int] = field(default_factory=dict)
    """Those that this flush changes."""
    timers: dict[str, int] = field(default_factory=dict)
    """Customer → when time alone may change something of it, ms since the epoch; 0 = never. Those
    that this flush changes."""
    learned: dict[str, bytes] = field(default_factory=dict)
    told: dict[str, bytes] = field(default_factory=dict)
    products: dict[str, bytes] = field(default_factory=dict)
    budgets: dict[str, bytes] = field(default_factory=dict)
    ledger: dict[str, bytes] = field(default_factory=dict)
    """As in `Taken`, those that this flush changes."""
    holders: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    """What offers need ("stock:<product>", "budget:<budget>") → customer → whether they are served
    one that does from now on, of whom that is new."""


class ShardStore:
    """The Redis side of one shard, for one owner at a time. Not thread-safe."""

    def __init__(self, connect: Callable[[], Wire], shard: int, owner: str) -> None:
        self._connect = connect
        self._shard = shard
        self._owner = owner
        self._keys = shard_keys(shard)
        self._wire: Wire | None = None
        self._written = b""
        self._epoch = 0

    def take(
        self,
        now_us: int,
        first: Callable[[], Fence],
        seeds: Mapping[str, int] = NO_ORIGINS,
        journeys: Mapping[str, str] = NO_DEFINITIONS,
    ) -> Taken:
        """Become the owner: a new epoch by compare-and-set. `first` makes the fence of a new shard,
        which begins with the origins `seeds`. `journeys` are the playbook's (name → definition),
        kept from now on for customers who follow them.

        Raises Fenced when another owner took it after this one did, WireLost when Redis is away,
        Unsettled when somebody else was faster, and what `first` raises.
        """
        self.close()
        wire = self._wire = self._connect()
        keys = self._keys
        _, stored, outbox, counters, origins, defined, *world = wire.call(
            ("WATCH", keys.fence),
            ("GET", keys.fence),
            ("LRANGE", keys.outbox, 0, -1),
            ("GET", keys.counters),
            ("HGETALL", keys.origins),
            ("HGETALL", keys.journeys),
            ("HGETALL", keys.learned),
            ("HGETALL", keys.told),
            ("HGETALL", keys.products),
            ("HGETALL", keys.budgets),
            ("HGETALL", keys.ledger),
        )
        _no_errors([stored, outbox, counters, origins, defined, *world])
        before = decode_fence(stored) if stored is not None else first()
        if before.version > VERSION:
            raise Refused(
                f"shard {self._shard}: its fence has version {before.version}, expected {VERSION} "
                "at most; it was written by a later version of Touchline, so run that one"
            )
        if self._epoch and before.owner != self._owner and before.epoch >= self._epoch:
            raise Fenced(
                f"shard {self._shard}: {before.owner} has taken it (epoch {before.epoch}, "
                f"mine was {self._epoch})",
                before.owner,
            )
        fence = structs.replace(before, owner=self._owner, epoch=max(before.epoch + 1, now_us))
        first_origins = _origins(keys.origins, seeds if stored is None else NO_ORIGINS)
        now_ms = now_us // 1000
        known = {name.decode(): blob for name, blob in _hash(defined).items()}
        found = sort_out(known, journeys, now_ms)
        changes = [*first_origins, *_definitions(keys.journeys, journeys, found, now_ms)]
        self._begin(fence, changes)
        self._end(len(changes))
        self._epoch = fence.epoch
        counted = msgspec.msgpack.decode(counters, type=dict[str, int]) if counters else {}
        known_origins = dict(seeds) if first_origins else _numbers(origins)
        return Taken(
            *(fence, list(outbox), counted, known_origins, found.earlier),
            *map(_named, world),
        )

    def begin_fence(self, fence: Fence) -> None:
        """Send `fence`, which has a plan in it and changes nothing else."""
        self._pending = 0
        self._begin(fence, [])

    def begin_load(self, customers: Sequence[str]) -> None:
        """Ask for the stored profiles of `customers` (at least one)."""
        prefix = self._keys.profile_prefix
        self._live().send(("MGET", *[prefix + customer.encode() for customer in customers]))

    def end_load(self) -> list[bytes | None]:
        """Their stored forms in the order asked, None for a new customer. Raises WireLost."""
        (answer,) = self._live().receive(1)
        _no_errors([answer])
        return list(answer)

    def timers(self, most: int) -> list[tuple[int, str]]:
        """The first `most` timers as they are committed: (due, customer) in this order.

        Raises WireLost, Unsettled, Refused.
        """
        keys = self._keys
        (answer,) = self._live().call(("ZRANGE", keys.timers, 0, most - 1, "WITHSCORES"))
        _no_errors([answer])
        # Pairs in RESP3, one after the other in RESP2.
        pairs = answer if answer and isinstance(answer[0], list) else _pairs(answer)
        return [(int(float(due)), customer.decode()) for customer, due in pairs]

    def holders(self, needs: Sequence[str], most: int) -> tuple[list[tuple[str, str]], int]:
        """The first `most` of those who are served what needs any of `needs`, as it is committed:
        (need, customer), by need as given, then by customer; and how many there are in all.

        Raises WireLost, Unsettled, Refused.
        """
        named = [self._keys.holders_prefix + need.encode() for need in needs]
        if not named:
            return [], 0
        counts = self._live().call(*[("ZCARD", key) for key in named])
        _no_errors(counts)
        found: list[tuple[str, str]] = []
        for need, key, count in zip(needs, named, counts, strict=True):
            if count and len(found) < most:
                (answer,) = self._live().call(("ZRANGE", key, 0, most - len(found) - 1))
                _no_errors([answer])
                found += [(need, customer.decode()) for customer in answer]
        return found, sum(counts)

    def begin_commit(self, commit: Commit) -> None:
        """Send everything `commit` changes, as one transaction."""
        keys = self._keys
        written: list[bytes] = []
        for customer, blob in commit.profiles:
            written += (keys.profile_prefix + customer.encode(), blob)
        changes: list[Command] = []
        if commit.counters:
            written += (keys.counters, msgspec.msgpack.encode(commit.counters))
        for customer, document, expires_at in commit.serving:
            changes.append(("SET", offers_key(customer), document, "PXAT", expires_at))
        if commit.outbox:
            changes.append(("RPUSH", keys.outbox, *commit.outbox))
        changes += _origins(keys.origins, commit.origins)
        changes += _timers(keys.timers, commit.timers)
        changes += _fields(keys.learned, commit.learned)
        if commit.learned:
            scores = [part for arm in commit.learned for part in (commit.fence.commit, arm)]
            changes.append(("ZADD", keys.learned_at, *scores))
        changes += _fields(keys.told, commit.told)
        changes += _fields(keys.products, commit.products)
        changes += _fields(keys.budgets, commit.budgets)
        changes += _fields(keys.ledger, commit.ledger)
        for need, holders in commit.holders.items():
            changes += _holders(keys.holders_prefix + need.encode(), holders)
        if commit.trim:
            changes.append(("LTRIM", keys.outbox, commit.trim, -1))
        self._pending = len(changes)
        self._begin(commit.fence, changes, written)

    def end(self) -> None:
        """Wait for what was begun. Raises Unsettled, WireLost, Refused."""
        self._end(self._pending)

    def trim(self, count: int) -> None:
        """Drop the `count` oldest outbox entries, under the fence but without a new commit."""
        self._pending = 1
        self._begin(None, [("LTRIM", self._keys.outbox, count, -1)])
        self._end(1)

    def is_as_left(self) -> bool:
        """Whether the fence is what this owner wrote last. Raises WireLost."""
        (stored,) = self._live().call(("GET", self._keys.fence))
        return bool(stored == self._written)

    def close(self) -> None:
        """Give the connection up; the shard stays as it is."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def _live(self) -> Wire:
        if self._wire is None:
            raise WireLost(f"shard {self._shard}: no connection to Redis")
        return self._wire

    def _begin(
        self, fence: Fence | None, changes: Sequence[Command], written: Sequence[bytes] = ()
    ) -> None:
        """Transaction and the next WATCH in one write: the guard is never down between two."""
        key = self._keys.fence
        self._next = encode_fence(fence) if fence is not None else self._written
        self._live().send(
            ("MULTI",),
            ("MSET", key, self._next, *written),
            *changes,
            ("EXEC",),
            ("WATCH", key),
            ("GET", key),
        )

    def _end(self, changes: int) -> None:
        *queued, executed, _, stored = self._live().receive(changes + 5)
        if isinstance(executed, redis.ResponseError) or executed is None:
            # Nothing was done: the fence was touched, or Redis took no writes just then.
            self.close()
            _no_errors([a for a in queued if isinstance(a, redis.exceptions.NoPermissionError)])
            why = [str(answer) for answer in queued if isinstance(answer, redis.ResponseError)]
            if not why and executed is None:
                raise FenceMoved(f"shard {self._shard}: not committed: the fence was touched")
            raise Unsettled(f"shard {self._shard}: not committed: {why or executed}")
        for answer in executed:
            if isinstance(answer, redis.ResponseError):
                # The others were carried out: what stands there now is half of a commit.
                raise Refused(
                    f"shard {self._shard}: Redis carried out a part of a commit only: expected "
                    f"success of each command, got {answer!s}; restore Redis from its backup"
                )
        if stored != self._next:
            self.close()
            raise FenceMoved(f"shard {self._shard}: the fence changed right after a commit")
        self._written = self._next


def _origins(key: bytes, origins: Mapping[str, int]) -> list[Command]:
    """What writes them; nothing for none."""
    fields = [part for entry in origins.items() for part in entry]
    return [("HSET", key, *fields)] if fields else []


def _fields(key: bytes, fields: Mapping[str, bytes]) -> list[Command]:
    """What writes them; nothing for none."""
    parts = [part for entry in fields.items() for part in entry]
    return [("HSET", key, *parts)] if parts else []


def _timers(key: bytes, timers: Mapping[str, int]) -> list[Command]:
    """What sets them, and takes away those that never come."""
    armed = [part for customer, due in timers.items() if due for part in (due, customer.encode())]
    ended = [customer.encode() for customer, due in timers.items() if not due]
    commands: list[Command] = []
    if armed:
        commands.append(("ZADD", key, *armed))
    if ended:
        commands.append(("ZREM", key, *ended))
    return commands


def _holders(key: bytes, holders: Mapping[str, bool]) -> list[Command]:
    """What puts in who is served one, and takes away who is not."""
    held = [part for customer, holds in holders.items() if holds for part in (0, customer.encode())]
    gone = [customer.encode() for customer, holds in holders.items() if not holds]
    commands: list[Command] = []
    if held:
        commands.append(("ZADD", key, *held))
    if gone:
        commands.append(("ZREM", key, *gone))
    return commands


def _pairs(flat: Sequence[Any]) -> list[tuple[Any, Any]]:
    return list(zip(flat[::2], flat[1::2], strict=True))


def _definitions(
    key: bytes, current: Mapping[str, str], found: Definitions, now_ms: int
) -> list[Command]:
    """What keeps the current ones, and takes away those that are outdated."""
    fields = [part for name, text in current.items() for part in (name, encode(Kept(now_ms, text)))]
    commands: list[Command] = []
    if fields:
        commands.append(("HSET", key, *fields))
    if found.outdated:
        commands.append(("HDEL", key, *found.outdated))
    return commands


def _hash(found: Mapping[bytes, bytes] | Sequence[bytes]) -> Mapping[bytes, bytes]:
    """A hash: a mapping in RESP3, in RESP2 names and values in turn."""
    if isinstance(found, Mapping):
        return found
    return dict(zip(found[::2], found[1::2], strict=True))


def _named(found: Mapping[bytes, bytes] | Sequence[bytes]) -> dict[str, bytes]:
    return {name.decode(): blob for name, blob in _hash(found).items()}


def _numbers(found: Mapping[bytes, bytes] | Sequence[bytes]) -> dict[str, int]:
    return {name.decode(): int(number) for name, number in _hash(found).items()}


def _no_errors(answers: Sequence[Any]) -> None:
    for answer in answers:
        if not isinstance(answer, redis.ResponseError):
            continue
        # A script of somebody's that runs too long has no class of its own.
        if isinstance(answer, PASSING) or str(answer).startswith("BUSY"):
            raise Unsettled(str(answer))
        raise Refused(
            f"Redis answered {answer!s}: expected success; look at its memory policy, "
            "permissions and key types, then start again"
        )
