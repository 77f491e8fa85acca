"""What shards are told of the catalogue: what is later than what they know, and nothing else."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its module does not list it
    AdminClient,
    NewTopic,
)
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from connectors.kafka.broadcast import ProductChanged
from connectors.kafka.catalogue import Unreadable, read_id, read_product
from connectors.kafka.topics import create_topics, find_topics, topic_ids
from flows.broadcast.catalogue import Catalogue
from flows.metrics.meter import Meter
from flows.processor.world import encode_listed
from flows.settings import Settings
from state.product import Listed, Product
from state.store.keys import shard_keys

SHARDS = 2
TOPIC = "products"


@pytest.fixture
def config(fresh_kafka: str) -> dict[str, Any]:
    """Of a broker with all topics and an empty catalogue."""
    found = {"bootstrap.servers": fresh_kafka}
    create_topics(found, ("click",), SHARDS, TOPIC)
    return found


@pytest.fixture
def redis(fresh_redis: str) -> "Iterator[Redis]":
    """An empty one."""
    with Redis.from_url(fresh_redis) as client:
        yield client


@pytest.fixture
def meter() -> Meter:
    """A new one."""
    return Meter()


@pytest.fixture
def begun(
    config: dict[str, Any], redis: "Redis", meter: Meter
) -> Iterator[Callable[..., Catalogue]]:
    """Makes one that follows the catalogue from its beginning."""
    made: list[Catalogue] = []

    def begin(*products: str) -> Catalogue:
        settings = Settings(kafka_bootstrap_servers=config["bootstrap.servers"], partitions=SHARDS)
        wanted = frozenset(products or ("tent", "mat"))
        made.append(Catalogue(settings, wanted, redis, meter, lambda _: None))
        return made[-1]

    yield begin
    for one in made:
        one.close()


def say(config: dict[str, Any], *records: tuple[str | bytes | None, bytes | None]) -> None:
    """Write to the catalogue, in this order."""
    producer = Producer({**config, "linger.ms": 0})
    for key, value in records:
        producer.produce(TOPIC, value, key, partition=0)
    assert producer.flush(10) == 0


def told(catalogue: Catalogue, least: int) -> list[tuple[int, ProductChanged]]:
    """What shards are told by `least` records, and by what comes at once with them."""
    found: list[tuple[int, ProductChanged]] = []
    for _ in range(100):
        found += catalogue.look(0.1)
        if len(found) >= least:
            return [*found, *catalogue.look(0.05)]
    raise AssertionError(f"expected {least} records, got {found}")


def stocks(found: list[tuple[int, ProductChanged]], shard: int) -> list[tuple[str, int | None]]:
    """(product, stock) as one shard is told, -1 for what is gone."""
    return [
        (one.id, -1 if one.product is None else one.product.stock)
        for to, one in found
        if to == shard
    ]


def test_all_shards_are_told_the_last_word_on_what_offers_name(
    config: dict[str, Any], begun: Callable[..., Catalogue], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.broadcast.catalogue.BATCH", 1)  # it takes some looks to its end
    say(
        config,
        ("tent", b'{"category":"tents","price":120,"stock":3,"colour":"red"}'),
        ("lamp", b'{"stock":0}'),
        ("tent", b'{"category":"tents","price":110,"stock":2}'),
        ("mat", b'{"stock":5}'),
        ("mat", None),
    )
    catalogue = begun()
    found = told(catalogue, 4)
    assert stocks(found, 0) == stocks(found, 1) == [("tent", 2), ("mat", -1)]
    (source,) = topic_ids(config, [TOPIC]).values()
    assert found[0][1] == ProductChanged(3, source, "tent", Product("tents", 110.0, 2))
    say(config, ("tent", b'{"stock":0}'))
    assert stocks(told(catalogue, 2), 1) == [("tent", 0)]


def test_a_shard_is_told_only_what_is_later_than_what_it_knows(
    config: dict[str, Any], redis: "Redis", begun: Callable[..., Catalogue]
) -> None:
    say(config, ("tent", b'{"stock":3}'), ("mat", b'{"stock":5}'))
    (source,) = topic_ids(config, [TOPIC]).values()
    knows = {"tent": Listed(source, 1, Product(stock=3)), "mat": Listed("another", 9, None)}
    redis.hset(
        shard_keys(1).products,
        mapping={name: encode_listed(listed) for name, listed in knows.items()},
    )
    catalogue = begun()
    found = told(catalogue, 3)
    assert stocks(found, 0) == [("tent", 3), ("mat", 5)]
    assert stocks(found, 1) == [("mat", 5)]
    catalogue.tell_all()  # nobody has taken it in: Redis says what it said
    assert told(catalogue, 3) == found


def test_what_cannot_be_read_is_counted_and_said_and_stops_nothing(
    config: dict[str, Any],
    begun: Callable[..., Catalogue],
    meter: Meter,
    caplog: pytest.LogCaptureFixture,
) -> None:
    bad: list[tuple[str | bytes | None, bytes | None]] = [
        ("tent", b"no json"),
        ("tent", b'{"stock":-7}'),
        ("tent", b'{"price":NaN}'),
        ("tent", b'{"price":-1}'),
        ("tent", b'{"price":1e400}'),
        ("tent", b"[]"),
        ("tent", b""),
        ("x" * 129, b"{}"),
        (b"\xff", b"{}"),
        (None, b"{}"),
    ]
    say(config, ("tent", b'{"stock":3}'), *bad, ("mat", b'{"stock":5}'))
    with caplog.at_level(logging.WARNING):
        assert stocks(told(begun(), 4), 0) == [("tent", 3), ("mat", 5)]
    assert meter.value("touchline_catalogue_refused_total") == len(bad)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == (
        "catalogue: a record says nothing, products[0]@1, and 9 more: value: JSON is malformed: "
        "invalid character (byte 4); its product stays as it was"
    )


def test_a_catalogue_that_is_missing_is_said_once_and_found_when_it_comes(
    config: dict[str, Any],
    begun: Callable[..., Catalogue],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    admin = AdminClient(config)  # kept, as its answers end with it
    monkeypatch.setattr("flows.broadcast.catalogue.LOOK_EVERY_S", 0.0)
    admin.delete_topics([TOPIC])[TOPIC].result(10)
    catalogue = begun()
    for _ in range(3):
        assert catalogue.look(0.01) == []
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("topic products, the catalogue, does not exist: no offer of a product")
    create_topics(config, ("click",), SHARDS, TOPIC)
    say(config, ("tent", b'{"stock":3}'))
    assert stocks(told(catalogue, 2), 0) == [("tent", 3)]


def test_a_topic_that_was_made_anew_is_another_source(
    config: dict[str, Any], redis: "Redis", begun: Callable[..., Catalogue]
) -> None:
    knows = Listed("the one before", 9, Product(stock=3))
    for shard in range(SHARDS):
        redis.hset(shard_keys(shard).products, "tent", encode_listed(knows))
    say(config, ("tent", b'{"stock":0}'))
    found = told(begun(), 2)
    assert stocks(found, 0) == [("tent", 0)]
    assert found[0][1].number == 1, "its offsets mean other records"


def test_the_shop_may_have_cut_its_catalogue_as_it_likes(fresh_kafka: str) -> None:
    config: dict[str, Any] = {"bootstrap.servers": fresh_kafka}
    admin = AdminClient(config)
    admin.create_topics([NewTopic(TOPIC, 3)])[TOPIC].result(10)
    assert TOPIC not in create_topics(config, ("click",), SHARDS, TOPIC)
    assert find_topics(config, [TOPIC])[TOPIC].partitions == 3


@given(st.binary(max_size=40) | st.none())
def test_whatever_comes_is_a_product_or_has_a_reason(value: bytes | None) -> None:
    said = read_product(value)
    assert (said is None) == (value is None)
    key = read_id(value)
    assert isinstance(key, Unreadable) or (value is not None and key == value.decode())


anything: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(["category", "price", "stock", "name"]), anything))
def test_a_price_and_a_stock_are_never_negative(said: dict[str, Any]) -> None:
    read = read_product(msgspec.json.encode(said))
    if isinstance(read, Product):
        assert read.price is None or 0 <= read.price <= 1e9
        assert read.stock is None or read.stock >= 0
