"""What an event costs by how many customers Redis knows: of somebody else each time, and again."""

import itertools
import time
from collections.abc import Iterable, Iterator

import orjson
import redis

from benchmarks.backlog import Record, fill
from benchmarks.progress import Progress
from benchmarks.results import Customers
from benchmarks.rig import Rig, services, touchpoints
from benchmarks.rules.asking import events_of
from benchmarks.rules.playbooks import RETAIL
from benchmarks.throughput import work_off
from connectors.kafka.murmur2 import partition_of
from connectors.kafka.topics import channel_topic
from decisions.decide import decide
from decisions.load import load_playbook
from flows.settings import Settings
from state.fold import fold
from state.profile import Profile, encode_profile
from state.store.keys import shard_keys
from state.times import rfc3339

AGAIN = 5
"""Events of each customer whose profile is there by then."""
KINDS = 500
"""Different profiles; every customer has one of these."""
BATCH = 5_000


def measure_customers(
    counts: Iterable[int], active: int, rounds: int, tell: Progress
) -> list[Customers]:
    """Events of `active` customers, spread evenly among all, with `counts` of them in turn."""
    found = [Customers(count, [], [], []) for count in counts]
    blobs = profiles()
    for number in range(1, rounds + 1):
        for each in found:
            tell.say(f"timers: round {number} of {rounds}, {each.customers:,} customers")
            with services() as rig:
                _put(rig, each.customers, blobs)
                # Once not counted: their profiles are not of today, and so all rules are asked.
                _, cold, both = [
                    _worked(rig, each.customers, active, turns, tell)
                    for turns in ((0, 1), (1, 2), (2, 3 + AGAIN))
                ]
            each.cold_us.append(round(cold["touchpoints"] * 1e6 / active, 2))
            each.redis_us.append(round(cold["redis"] * 1e6 / active, 2))
            warm_s = both["touchpoints"] - cold["touchpoints"]
            each.warm_us.append(round(warm_s * 1e6 / (AGAIN * active), 2))
    return found


def profiles() -> list[bytes]:
    """Stored forms such as simulated customers have."""
    playbook = load_playbook(RETAIL)
    known: dict[str, Profile] = {}
    for event in events_of(20_000):
        profile = known.setdefault(event.customer_id, Profile())
        if changed := fold(profile, event, playbook.traits, playbook.limits.duplicates):
            decide(profile, event, changed, playbook, event.received_ms)
    return [encode_profile(profile) for profile in itertools.islice(known.values(), KINDS)]


def _put(rig: Rig, customers: int, blobs: list[bytes]) -> None:
    partitions = Settings().partitions
    with touchpoints(rig):
        pass  # the shards are there from now on
    with redis.Redis.from_url(rig.redis.redis_url) as client:
        for begin in range(0, customers, BATCH):
            pairs = {}
            for number in range(begin, min(begin + BATCH, customers)):
                name = f"customer-{number}"
                prefix = shard_keys(partition_of(name, partitions)).profile_prefix
                pairs[prefix + name.encode()] = blobs[number % len(blobs)]
            client.mset(pairs)


def _worked(
    rig: Rig, customers: int, active: int, turns: tuple[int, int], tell: Progress
) -> dict[str, float]:
    """Processor seconds, by process: a flow that knows nobody works off the events of `turns`."""
    fill(rig, views(customers, active, range(*turns)), tell, "timers, customers")
    with touchpoints(rig) as flow:
        worked = work_off(rig, flow, turns[1] * active, tell, "customers")
    return worked.used_s


def views(customers: int, active: int, turns: Iterable[int]) -> Iterator[Record]:
    """Each of `active` customers sees a product, then each of them again, once for each turn."""
    topic, now_ms = channel_topic("click"), time.time_ns() // 1_000_000
    for turn, number in itertools.product(turns, range(active)):
        name = f"customer-{number * customers // active}"
        event = {
            "messageId": f"{now_ms}-{turn}-{number}",
            "type": "track",
            "event": "Product Viewed",
            "userId": name,
            "timestamp": rfc3339(now_ms - 60_000 + turn),
            "properties": {"product_id": f"p-{number % 97}", "category": "shoes", "price": 9.5},
        }
        yield topic, orjson.dumps(event), name
