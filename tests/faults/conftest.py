"""A world to break, new for each test."""

import pytest

from connectors.kafka.topics import create_topics
from tests.faults.world import PARTITIONS, World

CHANNELS = ("click", "email", "chat", "kiosk")


@pytest.fixture
def world(fresh_kafka: str, fresh_redis: str) -> World:
    """A broker with its topics and an empty Redis."""
    create_topics({"bootstrap.servers": fresh_kafka}, CHANNELS, PARTITIONS)
    return World(fresh_kafka, fresh_redis)
