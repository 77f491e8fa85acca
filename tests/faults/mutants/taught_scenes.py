"""Scenes of a shard whose offers learn and are of products: what it is told, what of it stays."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from confluent_kafka import Producer
from msgspec import structs

from connectors.kafka.broadcast import ArmCounted, CountersSummed, ProductChanged, encode_told
from connectors.kafka.topics import BROADCAST, channel_topic
from flows.simulate.answers import CHANNEL, Answer, Audience
from state.product import Product
from state.store.keys import offers_key
from state.times import rfc3339
from state.touchpoint import identity
from tests.faults.mutants.scene import Act, Scene, entered
from tests.faults.world import ROOT

TAUGHT = ROOT / "tests/faults/taught.yaml"
PRODUCTS = ("tent", "mat", "lamp", "chair", "desk")
ALONE = ("whole backlog", "nobody tells")
"""What shards are told is the scene's to say."""
WIDE = {"TOUCHLINE_FLUSH_EVENTS": "60"}
"""Flushes in which a customer comes several times, and all who hold a product have room."""
WIDER = {"TOUCHLINE_FLUSH_EVENTS": "1000"}
"""Of what all answer, one flush."""
LOOKERS = tuple(f"ann-{n}" for n in range(40))
"""Whom offers are drawn for anew each day: one alone may be served the same, whatever was learned.
"""
ANSWERING = tuple(f"bob-{n}" for n in range(80))
"""Of whom enough are served what they can answer, however slow the machine is."""
TAUGHT_SCENES: dict[str, Act] = {}
"""By name, as `SCENES`."""


def _open(of: Scene) -> None:
    """A shop that has everything, and customers who come."""
    of.world = structs.replace(of.world, playbook=TAUGHT)
    _tell(of, *(_stock(product, 1, 5) for product in PRODUCTS))
    of.fill()


def _stock(product: str, number: int, left: int) -> ProductChanged:
    return ProductChanged(number, "a catalogue", product, Product(stock=left, price=20))


def _summed(number: int, tries: float, taken: float) -> CountersSummed:
    return CountersSummed(number, [ArmCounted("lamp", "click", "other", tries, taken, 0)])


def _tell(of: Scene, *told: ProductChanged | CountersSummed) -> None:
    producer = Producer(of.kafka)
    for one in told:
        producer.produce(BROADCAST, encode_told(one), partition=0)
    producer.flush()
    of.expect(len(told))


def _answers(of: Scene) -> list[Answer]:
    """What all have to say of what they are served."""
    now_ms, audience = int(time.time() * 1000), Audience(7)
    answers = sorted(
        answer
        for customer, document in _served(of)
        for answer in audience.answers(customer, document, now_ms - 30_000)
    )
    assert len(answers) > 20, "too few to tell anything"
    return answers


def _say(of: Scene, answers: Sequence[Answer]) -> None:
    producer = Producer(of.kafka)
    for one in answers:
        topic = channel_topic(CHANNEL)
        producer.produce(topic, one.value, one.key, partition=0, timestamp=one.due_ms)
    producer.flush()
    of.expect(len(answers))


def _look(of: Scene, customers: Sequence[str], at_ms: int, *, buried: bool = False) -> None:
    """They look at a page; whether that can be decided hangs on the message's id."""
    producer = Producer(of.kafka)
    for customer in customers:
        names = (f"m-{at_ms}-{n}" for n in range(1_000))
        event = {
            "messageId": next(m for m in names if (identity(customer, m)[0] < 64) is buried),
            "type": "track",
            "event": "Page Viewed",
            "userId": customer,
            "timestamp": rfc3339(at_ms),
        }
        topic, value = channel_topic(CHANNEL), orjson.dumps(event)
        producer.produce(topic, value, customer, partition=0, timestamp=at_ms)
    producer.flush()
    of.expect(len(customers))


def _served(of: Scene) -> Iterable[tuple[str, bytes]]:
    prefix = offers_key("")
    for key in sorted(of.redis.scan_iter(prefix + b"*")):
        document: Any = of.redis.get(key)
        if document is not None:
            yield key.removeprefix(prefix).decode(), document


@entered(TAUGHT_SCENES)
def a_product_is_sold_out(of: Scene) -> None:
    _open(of)
    of.finishes(of.start(circumstances=ALONE))
    _tell(of, _stock("lamp", 2, 0))
    of.finishes(of.start(circumstances=ALONE, settings=WIDE))
    of.judge()


@entered(TAUGHT_SCENES)
def what_is_told_comes_late_and_again(of: Scene) -> None:
    _open(of)
    _tell(of, _summed(5, 400, 390), _stock("chair", 3, 0))
    of.finishes(of.start(circumstances=ALONE))
    _tell(
        of,
        _summed(4, 400, 2),
        _summed(6, 500, 410),
        _summed(6, 90, 2),
        _stock("chair", 2, 9),
        _stock("chair", 3, 9),
    )
    of.fill(seed=8)
    of.finishes(of.other(circumstances=ALONE))
    of.judge()


@entered(TAUGHT_SCENES)
def events_are_buried_while_offers_are_learned(of: Scene) -> None:
    _open(of)
    _look(of, LOOKERS, int(time.time() * 1000) - 60_000)
    _look(of, ANSWERING, int(time.time() * 1000))
    of.finishes(of.start(circumstances=ALONE, settings=WIDE))
    # Of one flush: what they are served before others answer is made again once they have, and
    # what was counted until then is counted on from.
    now_ms = int(time.time() * 1000)
    _look(of, LOOKERS, now_ms - 40_000)
    answers = _answers(of)
    _say(of, answers[::2])
    _look(of, LOOKERS, now_ms, buried=True)
    _say(of, answers[1::2])
    of.fill(seed=8)
    buried = (*ALONE, "one event in four cannot be decided")
    of.finishes(of.start(circumstances=buried, settings=WIDER))
    of.judge()


@entered(TAUGHT_SCENES)
def a_connection_to_redis_that_is_cut_while_offers_are_learned(of: Scene) -> None:
    _open(of)
    _look(of, ANSWERING, int(time.time() * 1000))
    of.finishes(of.start(circumstances=ALONE, settings=WIDE))
    _say(of, _answers(of))
    owner = of.start(circumstances=ALONE, settings=WIDER, halt=("3 acknowledged", 1)).asleep()
    of.redis.client_kill_filter(_type="normal", skipme=True)
    owner.wake()
    of.finishes(owner)
    of.judge()
