"""What one process learns the others are told, whoever dies meanwhile."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis
from confluent_kafka import Producer

from connectors.kafka.murmur2 import partition_of
from connectors.kafka.topics import channel_topic
from state.store.keys import offers_key, shard_keys
from state.store.world import read_world
from state.times import rfc3339
from tests.faults.conftest import on_all_servers, two_processes
from tests.faults.stage.crew import Crew
from tests.faults.world import World

OFFERS = """\
channels: [click, email, chat, kiosk]
placements: {home: {channels: [click], offers: 1}}
offers:
  tea:
    {title: Tea, value: 2, propensity: 0.2, ttl: 1d, channels: [click], placements: [home]}
"""
LEARNING = "learning: {half_life: 3650d}\n"
BY_FEATURES = """\
learning:
  half_life: 3650d
  policy: linear
  features: {seen: 'profile.events["Page Viewed"] > 0', buyer: profile.orders.count > 0}
"""
ARM = "tea click all"
ARM_OF_FEATURES = "tea click seen"
PATIENCE_S = 30.0


@pytest.fixture(params=[LEARNING])
def crew(world: World, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Crew]:
    """Two processes; the first one owns shard 0. The parameter: how they learn."""
    path = tmp_path / "playbook.yaml"
    path.write_text(OFFERS + request.param)
    with two_processes(msgspec.structs.replace(world, playbook=path), tmp_path) as crew:
        yield crew


class Shop:
    """Customers who come, see and buy."""

    def __init__(self, world: World, arm: str = ARM) -> None:
        self._arm = arm
        self._producer = Producer(
            {"bootstrap.servers": world.bootstrap_servers, "partitioner": "murmur2_random"}
        )
        self.client = redis.Redis.from_url(world.redis_url)
        self._partitions = world.partitions
        self._messages = 0

    def customer_of(self, shard: int) -> str:
        """One who belongs there."""
        names = (f"c-{shard}-{n}" for n in range(10_000))
        return next(name for name in names if partition_of(name, self._partitions) == shard)

    def says(self, customer: str, event: str, **properties: str) -> None:
        self._messages += 1
        value = {
            "messageId": f"m-{self._messages}",
            "type": "track",
            "event": event,
            "userId": customer,
            "timestamp": rfc3339(time.time_ns() // 1_000_000),
            "properties": properties,
        }
        self._producer.produce(channel_topic("click"), msgspec.json.encode(value), customer)
        self._producer.flush(10)

    def buys(self, customer: str) -> None:
        """What they are offered."""
        self.says(customer, "Page Viewed")
        served = until(lambda: self.client.get(offers_key(customer)))
        number = msgspec.json.decode(served)["offers"][0]["decision_id"]
        self.says(customer, "Offer Shown", decision_id=number)
        self.says(customer, "Offer Accepted", decision_id=number)

    def told(self, shard: int) -> float:
        """How often a shard knows that the others' customers took it."""
        blob = read_world(self.client, shard).told.get(self._arm)
        return float(msgspec.msgpack.decode(blob)[1]) if blob else 0.0

    def counted(self, shard: int) -> float:
        """How often its own did."""
        learned: Any = self.client.hget(shard_keys(shard).learned, self._arm)
        return float(msgspec.msgpack.decode(learned)[1]) if learned else 0.0


def until(found: Callable[[], Any]) -> Any:
    """What is found, once something is."""
    ends = time.monotonic() + PATIENCE_S
    while not (what := found()):
        assert time.monotonic() < ends, "nothing came of it"
        time.sleep(0.02)
    return what


@pytest.mark.parametrize(
    ("crew", "arm"),
    [(LEARNING, ARM), (BY_FEATURES, ARM_OF_FEATURES)],
    indirect=["crew"],
    ids=["alone", "by features"],
)
@on_all_servers
def test_every_shard_is_told_what_the_others_learned_and_not_its_own(
    world: World, crew: Crew, arm: str
) -> None:
    shop = Shop(world, arm)
    for shard in (1, 2):
        shop.buys(shop.customer_of(shard))
        until(partial(shop.counted, shard))
    one = shop.counted(1)
    until(lambda: all(shop.told(shard) == pytest.approx(2 * one, rel=1e-4) for shard in (0, 3)))
    until(lambda: all(shop.told(shard) == pytest.approx(one, rel=1e-4) for shard in (1, 2)))


@on_all_servers
def test_who_tells_may_die_and_what_was_learned_meanwhile_is_told_by_who_is_next(
    world: World, crew: Crew
) -> None:
    shop = Shop(world)
    shop.buys(shop.customer_of(1))
    until(lambda: shop.told(3))
    teller = crew.workers[0]
    assert 0 in teller.shards
    crew.kill(teller)
    shop.buys(shop.customer_of(3))
    one = until(lambda: shop.counted(3))
    assert shop.told(1) == 0.0

    def is_told() -> bool:
        crew.tend()
        return shop.told(1) == pytest.approx(one, rel=1e-4)

    until(is_told)
    until(lambda: shop.told(0) == pytest.approx(2 * one, rel=1e-4))
