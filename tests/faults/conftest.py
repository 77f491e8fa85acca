"""A world to break, new for each test."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connectors.kafka.topics import create_topics
from tests.brokers.kafka_broker import KafkaBroker
from tests.brokers.redis_server import RedisServer
from tests.faults.stage.crew import Crew
from tests.faults.stage.fence_watch import FenceWatch
from tests.faults.stage.forked import Forked
from tests.faults.world import PARTITIONS, World

CHANNELS = ("click", "email", "chat", "kiosk")
SERVERS = {"embedded": ("fresh_kafka", "fresh_redis"), "real": ("kafka_alone", "redis_alone")}
"""Name → the fixtures that are the broker and the Redis."""

on_all_servers = pytest.mark.parametrize("world", SERVERS, indirect=True)
"""For tests that run on the embedded servers, and on Apache Kafka with redis-server too."""


@pytest.fixture
def kafka_alone(real_kafka: KafkaBroker) -> str:
    """Bootstrap servers of Apache Kafka, without topics."""
    return real_kafka.bootstrap_servers


@pytest.fixture
def redis_alone(real_redis: RedisServer) -> str:
    """URL of redis-server, empty."""
    return real_redis.redis_url


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """A broker with its topics and an empty Redis: the embedded ones unless told otherwise."""
    broker, store = SERVERS[getattr(request, "param", "embedded")]
    found = World(request.getfixturevalue(broker), request.getfixturevalue(store))
    create_topics({"bootstrap.servers": found.bootstrap_servers}, CHANNELS, PARTITIONS)
    return found


@contextmanager
def two_processes(world: World, folder: Path) -> Iterator[Crew]:
    """Of the flow; the first one owns shard 0. Both must end by themselves."""
    watch = FenceWatch(world.redis_url, world.partitions)
    watch.start()
    crew = Crew(world, folder, watch, {}, launch=Forked)
    try:
        crew.start(2)
        yield crew
        crew.stop()
    finally:
        crew.abandon()
        watch.end()
