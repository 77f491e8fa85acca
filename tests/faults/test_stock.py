"""A product that is sold out is withdrawn from every serving key, whatever happens meanwhile."""

import json
import os
import signal
import sys
import time
from collections import Counter
from typing import Any

import pytest
import redis
from confluent_kafka import Producer
from msgspec import structs

from connectors.kafka.in_turn import IN_TURN
from connectors.kafka.topics import ACTIONS, channel_topic, create_topics
from connectors.published.record_types import ActionRecord, read_action
from flows.processor.world import decode_listed
from state.store.keys import offers_key, shard_keys
from state.store.world import read_products
from state.times import rfc3339
from tests.faults.conftest import CHANNELS, on_all_servers
from tests.faults.laws.judge import judge
from tests.faults.programs import Child
from tests.faults.watching import until
from tests.faults.world import PARTITIONS, PRODUCERS, ROOT, World, ended, read_once

SHOPPERS = int(os.environ.get("SHOPPERS", "240"))
FOREVER = 10**9
"""Records that are never accounted for: the flow runs until it is told to stop."""


@pytest.fixture
def shop(world: World) -> World:
    """A world with a catalogue in which all is there."""
    config = {"bootstrap.servers": world.bootstrap_servers}
    create_topics(config, CHANNELS, PARTITIONS, "products")
    found = structs.replace(world, playbook=ROOT / "tests/faults/stock.yaml")
    say(found, tent=3, mat=5, lamp=1)
    return found


def say(world: World, **stock: int | None) -> None:
    """The catalogue says this of products; None: it is gone."""
    producer = Producer({"bootstrap.servers": world.bootstrap_servers, "linger.ms": 0})
    for product, left in stock.items():
        said = None if left is None else json.dumps({"stock": left, "price": 10, "name": "?"})
        producer.produce("products", said, product)
    assert producer.flush(10) == 0


def come(world: World, *events: dict[str, Any]) -> int:
    """These events happen now; how many there are."""
    options, _ = PRODUCERS["right"]
    producer = Producer({"bootstrap.servers": world.bootstrap_servers, **options, **IN_TURN})
    for event in events:
        body = {"type": "track", "timestamp": rfc3339(time.time_ns() // 1_000_000), **event}
        producer.produce(channel_topic("click"), json.dumps(body), event["userId"])
    assert producer.flush(10) == 0
    return len(events)


def shoppers(world: World) -> int:
    """Each of them looks at a page; how many events that makes."""
    looks = [
        {"messageId": f"m-{n}", "userId": f"shopper-{n}", "event": "Page Viewed"}
        for n in range(SHOPPERS)
    ]
    return come(world, *looks)


def served(world: World) -> Counter[str]:
    """Offer → how many serving keys show it."""
    client = redis.Redis.from_url(world.redis_url)
    keys = client.mget([offers_key(f"shopper-{n}") for n in range(SHOPPERS)])
    found = [json.loads(key) for key in keys if key is not None]
    return Counter(offer["offer_id"] for document in found for offer in document["offers"])


def knows(world: World, product: str, stock: int) -> bool:
    """Whether every shard knows how many there are."""
    client = redis.Redis.from_url(world.redis_url)
    blobs = [found.get(product) for found in read_products(client, PARTITIONS)]
    listed = [decode_listed(blob).product for blob in blobs if blob is not None]
    return [one.stock for one in listed if one is not None] == [stock] * PARTITIONS


def holders(world: World, product: str) -> int:
    """How many customers Redis says are served it."""
    client = redis.Redis.from_url(world.redis_url)
    names = [
        shard_keys(shard).holders_prefix + b"stock:" + product.encode()
        for shard in range(PARTITIONS)
    ]
    return sum(int(client.zcard(name)) for name in names)


def waiting(world: World) -> int:
    """For how many customers offers are to be chosen anew: in this shop time does nothing else."""
    client = redis.Redis.from_url(world.redis_url)
    return sum(int(client.zcard(shard_keys(shard).timers)) for shard in range(PARTITIONS))


def actions(world: World, kind: str) -> list[ActionRecord]:
    """Those actions, as a reader takes them."""
    found = [(logged, read_action(logged.value)) for logged in world.log(ACTIONS)]
    taken = read_once([(logged, action.applied) for logged, action in found])
    return [one for one in (read_action(each.value) for each in taken) if one.kind == kind]


def stop(child: Child) -> None:
    """Tell the flow to stop, and wait for that."""
    child.send_signal(signal.SIGTERM)
    said = ended(child)
    assert child.returncode == 0, said[-4000:]


def open_shop(world: World) -> tuple[Child, int]:
    """A flow that serves the set and the lamp to all; how many events that took."""
    child = world.start("never", 1, FOREVER)
    stocks = {"tent": 3, "mat": 5, "lamp": 1}
    until(lambda: all(knows(world, *one) for one in stocks.items()), "the catalogue is known")
    produced = shoppers(world)
    # Of the same commits as the keys, which are too many to be read again and again.
    all_hold = [SHOPPERS] * 3
    until(lambda: [holders(world, product) for product in stocks] == all_hold, "all are served")
    assert served(world) == {"set": SHOPPERS, "lamp": SHOPPERS}
    return child, produced


def keep_the_laws(world: World, produced: int) -> None:
    """All of them."""
    verdict = judge(world.place)
    assert verdict.told() == []
    assert verdict.produced == produced
    assert (verdict.lost, verdict.twice, verdict.second_contents) == (0, 0, 0)


def hold(world: World, produced: int) -> None:
    """The laws; and each shopper was recalled once, and was offered the club in its place."""
    assert served(world) == {"lamp": SHOPPERS, "club": SHOPPERS}
    keep_the_laws(world, produced)
    assert (holders(world, "tent"), holders(world, "mat")) == (0, 0)
    shown = Counter(p for one in world.profiles().values() for o in one.offers for p in o.products)
    assert shown == {"lamp": holders(world, "lamp")} == {"lamp": SHOPPERS}
    decided = actions(world, "offer.decided")
    assert Counter(one.body["offer_id"] for one in decided) == {
        "set": SHOPPERS,
        "lamp": SHOPPERS,
        "club": SHOPPERS,
    }
    clubs = [one for one in decided if one.body["offer_id"] == "club"]
    assert {one.caused_by for one in clubs} == {"stock:tent"}
    assert len({one.id for one in clubs}) == len({one.customer_id for one in clubs}) == SHOPPERS


@on_all_servers
def test_it_is_gone_from_every_key_soon_after_the_record(
    shop: World, record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    child, produced = open_shop(structs.replace(shop, flush_events=4_000))
    say(shop, tent=0)
    began_s = time.perf_counter()
    until(lambda: not holders(shop, "tent"), "the set is withdrawn")
    took_s = time.perf_counter() - began_s
    until(lambda: not waiting(shop), "all are chosen for anew")
    anew_s = time.perf_counter() - began_s
    record_property("withdrawn_after_s", took_s)
    record_property("chosen_anew_after_s", anew_s)
    with capsys.disabled():
        ms, anew_ms = took_s * 1000, anew_s * 1000
        sys.stdout.write(
            f"\n{SHOPPERS:,} keys without it {ms:,.0f} ms after the record, "
            f"and with another offer in its place after {anew_ms:,.0f} ms\n"
        )
    stop(child)
    hold(shop, produced)


@pytest.mark.parametrize(
    ("point", "nth"),
    [
        ("1 plan fixed", 9),
        ("3 acknowledged", 4),
        ("4 committed", 9),
        ("5 half published", 9),
    ],
)
def test_a_kill_in_between_recalls_nobody_twice_and_forgets_nobody(
    shop: World, point: str, nth: int
) -> None:
    shop = structs.replace(shop, flush_events=10)
    child, produced = open_shop(shop)
    stop(child)
    say(shop, tent=0)
    assert shop.run(point, nth, FOREVER) == -9
    assert served(shop)["set"], "it was killed before it had recalled all"
    child = shop.start("never", 1, FOREVER)
    until(lambda: not served(shop)["set"], "the set is withdrawn")
    until(lambda: not waiting(shop), "all are chosen for anew")
    stop(child)
    hold(shop, produced)


def test_who_accepts_what_was_withdrawn_meanwhile_is_heard(shop: World) -> None:
    child, produced = open_shop(shop)
    (one, *_) = [a for a in actions(shop, "offer.decided") if a.body["offer_id"] == "set"]
    say(shop, mat=None)
    until(lambda: not served(shop)["set"], "the set is withdrawn")
    answer = {"decision_id": one.body["decision_id"], "offer_id": "set"}
    produced += come(
        shop,
        {
            "messageId": "yes",
            "userId": one.customer_id,
            "event": "Offer Accepted",
            "properties": answer,
        },
    )
    until(lambda: bool(actions(shop, "offer.answered")), "the answer is told")
    until(lambda: not waiting(shop), "all are chosen for anew")
    stop(child)
    (answered,) = actions(shop, "offer.answered")
    assert (answered.customer_id, answered.body["answer"]) == (one.customer_id, "accepted")
    assert served(shop) == {"lamp": SHOPPERS, "club": SHOPPERS}
    keep_the_laws(shop, produced)
