"""What the play has left behind: the log, Redis and the warehouse, as any reader finds them."""

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import NamedTuple, TypeVar

import redis

from connectors.kafka.topics import ACTIONS, DEAD_LETTER, ENRICHED, channel_topic
from connectors.published.record_types import (
    ActionRecord,
    DeadLetterRecord,
    EnrichedRecord,
    read_action,
    read_dead_letter,
    read_enriched,
)
from state.applied import Applied
from state.fence import Plan, decode_plan
from state.profile import Profile
from state.store.keys import offers_key
from tests.faults.world import ROOT, Logged, World, held
from tests.oracle.account import Account, Row, taken
from tests.oracle.acts import CHANNELS, Act, Warehouse
from tests.oracle.clocks import ShardClock
from tests.oracle.deeds import EPOCH
from tests.oracle.rules import Rules

DOCS = ROOT / "docs/playbook.md"

R = TypeVar("R", EnrichedRecord, ActionRecord, DeadLetterRecord)


class ServingKey(NamedTuple):
    """A serving key as it stands in Redis."""

    value: bytes
    expires_at: int
    """Milliseconds since the epoch: when Redis drops it."""


class Log(NamedTuple):
    """The topics, whole."""

    events: list[Logged]
    """All channels' input."""
    enriched: list[Logged]
    actions: list[Logged]
    dead_letters: list[Logged]

    @property
    def plans(self) -> dict[tuple[int, int], Plan]:
        """(shard, commit) → what was planned: records without a key. The first one counts."""
        plans: dict[tuple[int, int], Plan] = {}
        for logged in self.enriched:
            if logged.key is None:
                plan = decode_plan(logged.value)
                plans.setdefault((logged.partition, plan.commit), plan)
        return plans

    @property
    def rows(self) -> list[EnrichedRecord]:
        """As a reader takes them."""
        return once(
            read_enriched(logged.value) for logged in self.enriched if logged.key is not None
        )

    @property
    def letters(self) -> list[DeadLetterRecord]:
        """As a reader takes them."""
        return once(read_dead_letter(logged.value) for logged in self.dead_letters)

    @property
    def acted(self) -> list[ActionRecord]:
        """As a reader takes them."""
        return once(read_action(logged.value) for logged in self.actions)


def once(records: Iterable[R]) -> list[R]:
    """The reader's rule: of a shard, only what was applied after all that was taken before."""
    last: dict[int, tuple[int, int, int]] = {}
    taken = []
    for record in records:
        at = record.applied
        place = (at.generation, at.commit, at.index)
        if place > last.get(at.shard, (-1, -1, -1)):
            last[at.shard] = place
            taken.append(record)
    return taken


class Played(NamedTuple):
    """Everything there is."""

    play: list[Act]
    log: Log
    profiles: dict[str, Profile]
    served: dict[str, ServingKey]
    looked_at_ms: int
    """When Redis was looked at, by its own clock."""
    warehouse: Warehouse


def look(world: World, play: list[Act], warehouse: Warehouse) -> Played:
    """Read all of it, and end the warehouse flow when it has read all, too."""
    events = [logged for name in CHANNELS for logged in world.log(channel_topic(name))]
    log = Log(events, world.log(ENRICHED), world.log(ACTIONS), world.log(DEAD_LETTER))
    client = redis.Redis.from_url(world.redis_url)
    served = {}
    for key in client.scan_iter(offers_key("") + b"*", count=1000):
        expires_at = client.pexpiretime(key)
        assert isinstance(expires_at, int)
        customer = key.removeprefix(offers_key("")).decode()
        served[customer] = ServingKey(held(client, key), expires_at)
    seconds, micros = client.time()
    warehouse.stop(touchpoints=len(log.rows), actions=len(log.acted))
    now_ms = seconds * 1000 + micros // 1000
    return Played(play, log, world.profiles(), served, now_ms, warehouse)


class Told(NamedTuple):
    """The oracle's account of the log."""

    account: Account
    rows: list[tuple[EnrichedRecord, Row]]
    """What is there, and what should be."""
    rules: list[Rules]


Firing = tuple[Applied, int]
"""(place in the log, when): of what time alone has brought about for a customer, all at once."""


def tell(played: Played) -> Told:
    """Everything that must have come of the rows, in their order, and of time between them."""
    account, rows = Account(), []
    books = {path: Rules(path, DOCS) for path in dict.fromkeys(act.playbook for act in played.play)}
    plans = played.log.plans
    ends = [act.ends_at for act in played.play]
    clocks, firings, shards = _clocks(plans), _firings(played.log.acted), {}

    def rules(place: Applied) -> Rules:
        now_ms = plans[place.shard, place.commit].now_ms
        return books[played.play[bisect(ends, now_ms)].playbook]

    def pass_time(name: str, until_ms: int) -> None:
        customer, left = account.customers[name], firings[name]
        if not customer.steps:
            return
        while left and left[0][1] <= until_ms:
            place, now_ms = left.pop(0)
            account.pass_time(customer, now_ms, rules(place))
        account.rest(customer, until_ms)

    for record in played.log.rows:
        place = record.applied
        planned_ms = plans[place.shard, place.commit].now_ms
        event = taken(record, rules(place), planned_ms)
        name, topic = event.deed.customer, channel_topic(record.channel)
        shards[name] = place.shard
        clock = clocks[place.shard]
        pass_time(name, clock.show(place, topic, event.deed.at_ms, event.received_ms))
        rows.append((record, account.take(event, rules(place), planned_ms)))
    for name, shard in shards.items():
        pass_time(name, clocks[shard].end())
    return Told(account, rows, [*books.values()])


def _clocks(plans: Mapping[tuple[int, int], Plan]) -> dict[int, ShardClock]:
    by_shard: dict[int, dict[int, Plan]] = defaultdict(dict)
    for (shard, commit), plan in plans.items():
        by_shard[shard][commit] = plan
    return {shard: ShardClock(those) for shard, those in by_shard.items()}


def _firings(acted: Iterable[ActionRecord]) -> dict[str, list[Firing]]:
    """Customer → when time alone is said to have brought about something."""
    found: dict[str, dict[int, Firing]] = defaultdict(dict)
    for action in acted:
        if action.caused_by.startswith("time:"):
            at_ms = (action.decided_at - EPOCH) // timedelta(milliseconds=1)
            found[action.customer_id].setdefault(at_ms, (action.applied, at_ms))
    return defaultdict(list, {name: [*those.values()] for name, those in found.items()})
