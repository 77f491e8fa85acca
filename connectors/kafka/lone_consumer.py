"""A consumer of partitions that are assigned to it by hand: it joins no group.

Guaranteed: it gives committed records alone, and tells where each partition ends. After a crash
nothing is remembered here: whoever asks says from where.
"""

from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer

from connectors.kafka.errors import QUIET


def lone_consumer(config: Mapping[str, Any], name: str) -> Consumer:
    """One that calls itself `name`, and begins with what is left where its start is gone."""
    return Consumer(
        {
            "client.id": name,
            **QUIET,
            **config,
            "group.id": name,  # librdkafka wants one; it is never joined
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": 20,
            "error_cb": lambda _: None,
        }
    )
