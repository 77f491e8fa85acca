"""From settings to a processor that owns its shards."""

import gc
import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import redis
from confluent_kafka import KafkaException

from connectors.kafka.errors import Outage
from connectors.kafka.publisher import Publisher
from connectors.kafka.shard_consumer import ShardConsumer
from connectors.kafka.shard_group import ShardGroup
from connectors.kafka.topics import all_topics, check_topics, input_topics, topic_ids
from decisions.load import load_playbook
from decisions.playbook import Playbook
from flows.addresses import without_secrets
from flows.metrics.availability import Availability
from flows.metrics.meter import Meter
from flows.processor.build import build_id
from flows.processor.membership import Membership
from flows.processor.ownership import take_due
from flows.processor.processor import Processor
from flows.processor.shard import Shard
from flows.settings import Settings
from flows.waiting import wait_for
from state.store.requirements import check_server
from state.store.shard_store import Refused, ShardStore
from state.store.wire import Wire

log = logging.getLogger("touchline.touchpoints")


def start_processor(
    settings: Settings,
    meter: Meter,
    stop: threading.Event,
    ready: Callable[[], None],
    worker: tuple[int, int] | None,
    only: Sequence[int] | None = None,
    role: str = "",
) -> Processor | None:
    """Wait for Kafka and Redis, check both, take the shards; None when `stop` is set before.

    `only`: the shards to take, whatever assigns them else; `role` stands before the owner's name.

    In a group nothing is taken yet: that begins with the first assignment, while the flow runs.
    Raises PlaybookError, Refused, ServiceAbsent, and SettingsError for a worker that cannot be.
    """
    playbook = load_playbook(Path(settings.playbook))
    indexes = settings.shards_of(worker) if only is None else only
    _show(settings, meter, playbook, len(indexes))
    kafka, redis_there = Availability(meter, "kafka"), Availability(meter, "redis")
    ids = wait_for_kafka(settings, stop, kafka)
    if ids is None or not wait_for_redis(settings, stop, redis_there):
        return None
    owner = f"{role}{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    connect = partial(Wire, settings.redis_url)
    most_profiles = settings.cache_profiles // max(len(indexes), 1)
    outage = Outage(log, kafka.tell)
    topics = input_topics(settings.channels)

    def new_shard(index: int) -> Shard:
        return Shard(index, ShardStore(connect, index, owner), max(most_profiles, 1))

    grouped = settings.in_group and only is None
    group = ShardGroup(settings.kafka_config, topics, outage) if grouped else None
    processor = Processor(
        settings=settings,
        playbook=playbook,
        meter=meter,
        shards=[new_shard(index) for index in indexes],
        consumer=group or ShardConsumer(settings.kafka_config, topics, outage),
        publisher=Publisher(settings.kafka_config, outage),
        outage=outage,
        kafka=kafka,
        redis=redis_there,
        topic_ids=ids,
        build=build_id(),
        stop=stop,
    )
    processor.report_holds()
    _rest_collector()
    if group is not None:
        processor.membership = Membership(processor, group, new_shard, ready)
        return processor
    return _taken(processor, ready)


def _show(settings: Settings, meter: Meter, playbook: Playbook, shards: int) -> None:
    """Metrics of what is known before anything is done."""
    meter.set("touchline_playbook_info", 1, version=playbook.version)
    meter.set("touchline_flush_limit_events", settings.flush_events)
    meter.set("touchline_dead_letter_share_limit", settings.dead_letter_percent / 100)
    meter.set("touchline_shards_waiting", shards)
    meter.set("touchline_shards_assigned", shards)


def _rest_collector() -> None:
    """Loaded modules and compiled rules live for good; the collector need not look at them again.

    What a flush makes is freed by its reference count: to look through its many small dicts for
    cycles costs a tenth of the time. `Upkeep` looks once a minute.
    """
    gc.collect()
    gc.freeze()
    gc.disable()


def _taken(processor: Processor, ready: Callable[[], None]) -> Processor | None:
    """Take all of its shards; None when it is told to stop before. Raises what ends it."""
    take = processor.execution.guard(take_due)
    while not (processor.execution.over() or processor.ready):
        take(processor)
        processor.execution.stop.wait(0.02)
    if processor.execution.over():
        processor.close()
        processor.execution.raise_failure()
        return None
    ready()
    return processor


def wait_for_kafka(
    settings: Settings, stop: threading.Event, kafka: Availability
) -> dict[str, str] | None:
    """The ids of all topics, once they are as they should be; None when `stop` is set before.

    Raises Refused when they are not, and ServiceAbsent.
    """
    config = {"socket.timeout.ms": "5000", **settings.kafka_config}

    def ask() -> dict[str, str]:
        if wrong := check_topics(config, settings.channels, settings.partitions):
            raise Refused("; ".join(wrong))
        return topic_ids(config, [topic.name for topic in all_topics(settings.channels)])

    return wait_for(
        f"Kafka at {settings.kafka_bootstrap_servers}",
        kafka.asked(ask, (KafkaException,)),
        (KafkaException,),
        stop,
        settings.fail_fast,
    )


def wait_for_redis(settings: Settings, stop: threading.Event, there: Availability) -> bool:
    """True once it answers and is set as it must be; False when `stop` is set before.

    Raises Unsuitable when it is not, and ServiceAbsent.
    """
    client = redis.Redis.from_url(settings.redis_url, socket_timeout=5, socket_connect_timeout=5)

    def ask() -> bool:
        for warning in check_server(client):
            log.warning("redis: %s", warning)
        return True

    away = (redis.ConnectionError, redis.TimeoutError)
    found = wait_for(
        f"Redis at {without_secrets(settings.redis_url)}",
        there.asked(ask, away),
        away,
        stop,
        settings.fail_fast,
    )
    client.close()
    return bool(found)
