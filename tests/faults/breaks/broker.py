"""Kafka: restarted in order, killed, frozen; a leader killed; what it held gone."""

import time
from collections.abc import Callable

from confluent_kafka import OFFSET_END, TopicPartition

from connectors.kafka.topics import ENRICHED, channel_topic, create_topics
from flows.settings import Settings
from tests.brokers.kafka_broker import KafkaBroker, KafkaCluster
from tests.faults.breaks.fault import Fault, Stage
from tests.faults.breaks.refused import all_refuse, refuses_at_start
from tests.faults.breaks.sleep import LONG_S
from tests.faults.stage.arena import Arena


def restart(arena: Arena, broker: KafkaBroker) -> None:
    broker.restart()


def kill(arena: Arena, broker: KafkaBroker) -> None:
    broker.kill()
    arena.wait(arena.rng.uniform(0, 2))
    broker.start()


def freeze(arena: Arena, broker: KafkaBroker) -> None:
    broker.freeze()
    arena.wait(arena.rng.uniform(2, 8))
    broker.thaw()


def freezes(arena: Arena) -> None:
    """Once for a minute, where a run has the time for it, and then again and again."""
    assert isinstance(arena.kafka, KafkaBroker)
    if arena.left_s() > LONG_S + 15:
        arena.kafka.freeze()
        arena.wait(LONG_S)
        arena.kafka.thaw()
        arena.back_at_work("a minute's freeze of the broker")
        arena.count("freezes of the broker")
    again_and_again(freeze, "freezes of the broker")(arena)


Act = Callable[[Arena, KafkaBroker], None]


def again_and_again(act: Act, what: str) -> Callable[[Arena], None]:
    """Do this to the broker, see every shard go on, and do it again."""

    def run(arena: Arena) -> None:
        assert isinstance(arena.kafka, KafkaBroker)
        while arena.going_on():
            arena.wait(arena.rng.uniform(0.2, 2))
            act(arena, arena.kafka)
            arena.back_at_work(what)
            arena.count(what)

    return run


def leader(arena: Arena) -> None:
    """The node that leads some partition is killed; the others go on; it comes back."""
    cluster = arena.kafka
    assert isinstance(cluster, KafkaCluster)
    while arena.going_on():
        arena.wait(arena.rng.uniform(0.2, 2))
        topic = arena.rng.choice([ENRICHED, *map(channel_topic, Settings().channels)])
        broker = cluster.leader(topic, arena.rng.randrange(arena.world.partitions))
        broker.kill()
        arena.back_at_work("a leader was killed")
        arena.count("leaders killed")
        broker.start()
        arena.until(lambda: _in_sync(cluster), "every copy is in sync")


def _in_sync(cluster: KafkaCluster) -> bool:
    topics = cluster.admin().list_topics(timeout=10).topics.values()
    parts = [part for topic in topics for part in topic.partitions.values()]
    return all(len(part.isrs) == len(cluster.brokers) for part in parts)


def made_anew(arena: Arena) -> None:
    """A topic is deleted and made again under the running flow: named, and nothing is done on."""
    arena.load.stop()
    topic = arena.rng.choice([ENRICHED, *map(channel_topic, Settings().channels)])
    admin = arena.kafka.admin()
    admin.delete_topics([topic])[topic].result(20)
    config = {"bootstrap.servers": arena.world.bootstrap_servers}
    arena.until(
        lambda: topic not in admin.list_topics(timeout=10).topics, f"{topic} is deleted", 30
    )
    create_topics(config, Settings().channels, arena.world.partitions)
    # A fetch may find its offset gone before the ids are compared.
    all_refuse(arena, f"topic {topic} was", or_else=f"{topic}[")
    refuses_at_start(arena, f"topic {topic} was made anew")


def truncated(arena: Arena) -> None:
    """Input that was not read yet is deleted while the workers sleep: named, not passed over."""
    for worker in arena.crew.workers:
        arena.crew.freeze(worker)
    time.sleep(3)
    arena.load.stop()
    lost = TopicPartition("touchpoints.click", arena.rng.randrange(arena.world.partitions))
    lost.offset = OFFSET_END
    admin = arena.kafka.admin()  # answers as long as it lives
    admin.delete_records([lost])[lost].result(20)
    for worker in arena.crew.workers:
        arena.crew.thaw(worker)
    place = f"{lost.topic}[{lost.partition}]"
    all_refuse(arena, place, lambda worker: lost.partition in worker.shards)
    refuses_at_start(arena, place, (lost.topic, lost.partition))


QUIET = Stage(judged=False)

FAULTS = [
    Fault(
        "broker-restart",
        "the broker is stopped in order and started",
        again_and_again(restart, "restarts of the broker"),
        full_s=90,
    ),
    Fault(
        "broker-kill",
        "kill -9 of the broker",
        again_and_again(kill, "kills of the broker"),
        full_s=90,
        quick_s=4,
    ),
    Fault(
        "broker-freeze",
        "the broker hangs for 60 s, and then for 2 to 8 s",
        freezes,
        full_s=90,
    ),
    Fault(
        "leader-change",
        "kill -9 of a leader among three brokers",
        leader,
        full_s=90,
        stage=Stage(brokers=3),
    ),
    Fault(
        "topic-recreated",
        "a topic is deleted and made again",
        made_anew,
        full_s=10,
        quick_s=1,
        stage=QUIET,
    ),
    Fault(
        "log-truncated",
        "input is deleted before it was read",
        truncated,
        full_s=10,
        quick_s=1,
        stage=QUIET,
    ),
]
