"""The play is performed once for all tests of this folder."""

import time
from collections.abc import Iterator

import pytest

from connectors.kafka.topics import create_topics
from flows.local.services import start_kafka
from tests.faults.world import PARTITIONS, World
from tests.oracle.acts import CHANNELS, Warehouse, acts, perform
from tests.oracle.played import Played, Told, look, tell
from tests.services import redis_server, running


@pytest.fixture(scope="module")
def kafka_of_the_play(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    for service in running(start_kafka, tmp_path_factory.mktemp("kafka")):
        yield service.bootstrap_servers


@pytest.fixture(scope="module")
def redis_of_the_play(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    for service in running(redis_server, tmp_path_factory.mktemp("redis")):
        yield service.redis_url


@pytest.fixture(scope="module")
def played(
    kafka_of_the_play: str, redis_of_the_play: str, tmp_path_factory: pytest.TempPathFactory
) -> Played:
    """All acts are over, and everything they left has been read."""
    folder = tmp_path_factory.mktemp("oracle")
    world = World(kafka_of_the_play, redis_of_the_play)
    create_topics({"bootstrap.servers": kafka_of_the_play}, CHANNELS, PARTITIONS)
    play = acts(time.time_ns() // 1_000_000, folder)
    with Warehouse(world, folder) as warehouse:
        perform(world, play)
        return look(world, play, warehouse)


@pytest.fixture(scope="module")
def told(played: Played) -> Told:
    """What the oracle says of it."""
    return tell(played)
