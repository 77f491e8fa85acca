"""What the embedded broker cannot do: topics that go, logs that are cut, nodes that die and come
back, all while the flow runs; and a replica of Redis that takes over."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import TopicPartition
from msgspec import structs

from connectors.kafka.topics import ENRICHED, channel_topic, create_topics
from tests.brokers.kafka_broker import KafkaBroker, KafkaCluster
from tests.brokers.redis_server import RedisServer
from tests.faults.conftest import CHANNELS
from tests.faults.programs import Child
from tests.faults.watching import Look, until, until_asleep, until_said
from tests.faults.world import PARTITIONS, World, check, ended

EVENTS = 600
IN_THE_MIDDLE = ("4 committed", 4)
"""Where a flow falls asleep that something shall happen to while there is more to do."""
CHAT = channel_topic("chat")


def now_ms() -> int:
    return int(time.time() * 1000)


@pytest.fixture
def world(real_kafka: KafkaBroker, real_redis: RedisServer) -> World:
    """Apache Kafka with the topics, and an empty redis-server; small flushes, so that there are
    many."""
    create_topics({"bootstrap.servers": real_kafka.bootstrap_servers}, CHANNELS, PARTITIONS)
    return World(real_kafka.bootstrap_servers, real_redis.redis_url, flush_events=10)


@contextmanager
def idle(world: World) -> Iterator[Child]:
    """A flow that has done all there is, and runs on."""
    produced = world.fill(EVENTS // 4, now_ms())
    child = world.start("never", 1, 1_000_000)
    try:
        until(lambda: world.accounted() == produced, "all is done")
        yield child
    finally:
        if child.returncode is None:
            child.kill()
            child.communicate()


@contextmanager
def asleep(child: Child) -> Iterator[None]:
    """The flow is frozen meanwhile."""
    os.kill(child.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(child.pid, signal.SIGCONT)


def delete(broker: KafkaBroker, topic: str) -> None:
    """Gone for whoever asks, when this returns."""
    admin = broker.admin()
    admin.delete_topics([topic])[topic].result(10)
    until(lambda: topic not in admin.list_topics(timeout=5).topics, f"{topic} is gone")


def cut(world: World, broker: KafkaBroker) -> None:
    """Delete all records that the channels' topics hold now."""
    ends = {
        (record.topic, record.partition): record.offset + 1
        for topic in map(channel_topic, CHANNELS)
        for record in world.log(topic)
    }
    parts = [TopicPartition(*place, end) for place, end in ends.items()]
    admin = broker.admin()  # lives until it is answered
    for done in admin.delete_records(parts).values():
        done.result(10)


@pytest.mark.parametrize("topic", [CHAT, ENRICHED])
def test_a_topic_that_is_made_anew_while_the_flow_runs_stops_it_by_name(
    world: World, real_kafka: KafkaBroker, topic: str
) -> None:
    with idle(world) as child:
        delete(real_kafka, topic)
        create_topics({"bootstrap.servers": world.bootstrap_servers}, CHANNELS, PARTITIONS)
        said = ended(child)
    assert child.returncode == 1, said
    # Whichever is seen first: its other id, or that the next offset is not in it.
    anew, cut_off = f"topic {topic} was deleted or made anew", "was truncated, recreated or"
    assert anew in said or (f"{topic}[" in said and cut_off in said), said


def test_a_topic_that_is_made_anew_and_filled_while_the_flow_sleeps_stops_it_by_name(
    world: World, real_kafka: KafkaBroker
) -> None:
    with idle(world) as child:
        with asleep(child):
            delete(real_kafka, CHAT)
            create_topics({"bootstrap.servers": world.bootstrap_servers}, CHANNELS, PARTITIONS)
            world.fill(EVENTS * 2, now_ms(), seed=8)  # so that the new one has the next offset too
        said = ended(child)
    assert child.returncode == 1, said
    assert f"topic {CHAT} was deleted or made anew" in said


def test_an_input_topic_that_goes_while_the_flow_runs_stops_it_by_name(
    world: World, real_kafka: KafkaBroker
) -> None:
    with idle(world) as child:
        delete(real_kafka, CHAT)
        said = ended(child)
    assert child.returncode == 1, said
    assert f"topic {CHAT} was deleted or made anew" in said


def test_records_that_are_deleted_after_they_were_processed_are_not_missed(
    world: World, real_kafka: KafkaBroker
) -> None:
    with idle(world) as child:
        before = world.accounted()
        cut(world, real_kafka)
        more = world.fill(EVENTS // 4, now_ms(), seed=8)
        until(lambda: world.accounted() == before + more, "the new ones are done")
        child.terminate()
        said = ended(child)
    assert child.returncode == 0, said


def test_records_that_are_deleted_before_they_were_read_stop_the_flow_by_name(
    world: World, real_kafka: KafkaBroker
) -> None:
    with idle(world) as child:
        with asleep(child):
            # A request that was under way is answered with the first of these; nothing fetches
            # those that come after.
            for seed in (8, 9):
                world.fill(EVENTS // 4, now_ms(), seed=seed)
            cut(world, real_kafka)
        said = ended(child)
    assert child.returncode == 1, said
    assert "expected the log to hold the next offset" in said
    assert "the topic was truncated, recreated or is behind its retention" in said


def test_a_broker_that_is_killed_and_comes_back_costs_nothing(
    world: World, real_kafka: KafkaBroker
) -> None:
    produced = world.fill(EVENTS, now_ms())
    child = world.start(*IN_THE_MIDDLE, produced, VICTIM="sleeps")
    look = Look(child)
    until_asleep(child)
    real_kafka.kill()
    child.send_signal(signal.SIGCONT)
    until(lambda: look.at("kafka_up") == 0, "the metrics show that Kafka is gone")
    assert world.accounted() < produced
    real_kafka.restart()
    said = ended(child)
    assert child.returncode == 0, said
    assert "Kafka answers again" in said
    check(world, produced)


def test_a_broker_that_hangs_for_a_while_costs_nothing(
    world: World, real_kafka: KafkaBroker
) -> None:
    produced = world.fill(EVENTS, now_ms())
    child = world.start(*IN_THE_MIDDLE, produced, VICTIM="sleeps")
    until_asleep(child)
    real_kafka.freeze()
    child.send_signal(signal.SIGCONT)
    until_said(child, "waiting until it answers again")
    before = world.accounted()
    real_kafka.thaw()
    said = ended(child)
    assert child.returncode == 0, said
    assert world.accounted() == produced > before
    check(world, produced)


def test_the_death_of_one_of_three_brokers_costs_nothing(
    three_brokers: KafkaCluster, real_redis: RedisServer
) -> None:
    create_topics({"bootstrap.servers": three_brokers.bootstrap_servers}, CHANNELS, PARTITIONS)
    world = World(three_brokers.bootstrap_servers, real_redis.redis_url, flush_events=10)
    produced = world.fill(EVENTS, now_ms())
    child = world.start(*IN_THE_MIDDLE, produced, VICTIM="sleeps")
    until_asleep(child)
    assert world.accounted() < produced
    three_brokers.leader(ENRICHED).kill()
    child.send_signal(signal.SIGCONT)
    said = ended(child)
    assert child.returncode == 0, said
    assert world.accounted() == produced
    # Told to stop while the dead one's partitions have no leader, it leaves what it cannot publish.
    assert world.run("never", 1, produced) == 0
    check(world, produced)


def test_a_replica_of_redis_that_takes_over_late_leads_to_the_same_records_again(
    world: World, redis_pair: tuple[RedisServer, RedisServer]
) -> None:
    primary, replica = redis_pair
    produced = world.fill(EVENTS, now_ms())
    assert world.run("4 committed", 5, produced) == -9
    replica.caught_up()
    replica.promote()  # as where the network has parted it from its primary, which goes on
    assert world.run("4 committed", 9, produced) == -9
    primary.kill()
    after = structs.replace(world, redis_url=replica.redis_url)
    assert after.run("never", 1, produced) == 0
    assert check(after, produced)["rows"] > 0
