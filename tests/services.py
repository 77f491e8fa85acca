"""Real services for tests: a broker and a Redis of our own, for the session or fresh for a test.

`kafka` and `redis_url` last the whole session: names a test uses on them are its own business.
`fresh_kafka` and `fresh_redis` are started for the one test that asks (0.1 s each).
`fresh_topics` is a fresh broker with all topics of the default settings.
REDIS_SERVER=/usr/bin/redis-server in the environment puts that program in the embedded one's place.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import pytest
from confluent_kafka import Producer

from connectors.kafka.topics import create_topics
from flows.local.services import MissingExtra, Service, start_kafka, start_redis
from flows.settings import Settings

Start = Callable[[Path], Service]
Started = TypeVar("Started")


class Startable(Protocol):
    """What tests/brokers has."""

    def start(self) -> object: ...
    def kill(self) -> None: ...


Server = TypeVar("Server", bound=Startable)


def redis_server(folder: Path) -> Service:
    """The Redis under test."""
    return start_redis(folder, program=os.environ.get("REDIS_SERVER"))


def running(start: Start, folder: Path) -> Iterator[Service]:
    """A service while a test needs it; skips at home and fails in CI when it cannot be had."""
    service = had(lambda: start(folder))
    yield service
    service.stop(grace_s=0)  # nothing is kept, so nothing is waited for


@contextmanager
def had_running(server: Server) -> Iterator[Server]:
    """`server`, started, and killed at the end; without its program as `had` says."""
    try:
        had(server.start)
        yield server
    finally:
        server.kill()


def had(start: Callable[[], Started]) -> Started:
    """What `start` makes; skips at home and fails in CI when a program for it is missing."""
    try:
        return start()
    except MissingExtra as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(f"a service is missing in CI: {missing}")
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap servers of an embedded broker that all tests share."""
    for service in running(start_kafka, tmp_path_factory.mktemp("kafka")):
        yield service.bootstrap_servers


@pytest.fixture
def fresh_kafka(tmp_path: Path) -> Iterator[str]:
    """Bootstrap servers of an embedded broker without topics, for this test alone."""
    for service in running(start_kafka, tmp_path / "kafka"):
        yield service.bootstrap_servers


@pytest.fixture
def fresh_topics(fresh_kafka: str) -> str:
    """Bootstrap servers of a broker for this test alone, with all topics, 16 partitions each."""
    settings = Settings()
    admin = {"bootstrap.servers": fresh_kafka}
    create_topics(admin, settings.channels, settings.partitions)
    return fresh_kafka


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a Redis that all tests share."""
    for service in running(redis_server, tmp_path_factory.mktemp("redis")):
        yield service.redis_url


@pytest.fixture
def fresh_redis(tmp_path: Path) -> Iterator[str]:
    """URL of an empty Redis for this test alone."""
    for service in running(redis_server, tmp_path / "redis"):
        yield service.redis_url


@pytest.fixture
def mock_cluster() -> Iterator[str]:
    """librdkafka's own broker double, which answers a fetch beyond the log as Kafka does; the
    embedded broker stays silent."""
    host = Producer({"bootstrap.servers": "ignored:1", "test.mock.num.brokers": 1})
    (broker,) = host.list_topics(timeout=10).brokers.values()
    yield f"{broker.host}:{broker.port}"
    host.flush(1)
