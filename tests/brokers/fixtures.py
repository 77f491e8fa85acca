"""Apache Kafka and Debian's Redis for tests that break them: nodes, replicas, frozen or killed.

`real_kafka`, `three_brokers`, `real_redis` and `redis_pair` are up and empty when a test gets them,
and a test may do to them what it likes. Kafka starts once a session, as that takes seconds, and is
mended and emptied for each test; a Redis is new each time.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers.kafka_broker import KafkaBroker, KafkaCluster, forget_topics
from tests.brokers.redis_server import RedisServer
from tests.services import had_running


@pytest.fixture(scope="session")
def _one_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with had_running(KafkaBroker(tmp_path_factory.mktemp("real-kafka"))) as broker:
        yield broker


@pytest.fixture(scope="session")
def _three_kafkas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    with had_running(KafkaCluster(tmp_path_factory.mktemp("three-brokers"))) as cluster:
        yield cluster


@pytest.fixture
def real_kafka(_one_kafka: KafkaBroker) -> KafkaBroker:
    """Apache Kafka, one node, without topics."""
    _one_kafka.restore()
    forget_topics(_one_kafka.admin())
    return _one_kafka


@pytest.fixture
def three_brokers(_three_kafkas: KafkaCluster) -> KafkaCluster:
    """Apache Kafka, three nodes, without topics."""
    _three_kafkas.restore()
    forget_topics(_three_kafkas.admin())
    return _three_kafkas


@pytest.fixture
def real_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """redis-server, empty."""
    with had_running(RedisServer(tmp_path / "redis")) as server:
        yield server


@pytest.fixture
def redis_pair(
    real_redis: RedisServer, tmp_path: Path
) -> Iterator[tuple[RedisServer, RedisServer]]:
    """redis-server, empty, and a replica of it."""
    replica = RedisServer(tmp_path / "replica", replica_of=real_redis)
    try:
        replica.start()
        yield real_redis, replica
    finally:
        replica.kill()
