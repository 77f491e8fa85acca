"""Rebuilding from a Kafka that has removed the beginning of its logs, as only Apache Kafka does."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import redis
from confluent_kafka import TopicPartition
from msgspec import structs

from connectors.kafka.topics import ACTIONS, ENRICHED, channel_topic, create_topics
from connectors.published.record_types import read_action, read_enriched
from state.applied import Applied
from state.fence import Position
from state.store.keys import shard_keys
from tests.brokers.kafka_broker import KafkaBroker
from tests.brokers.redis_server import RedisServer
from tests.faults.conftest import CHANNELS
from tests.faults.rebuilding import accept, kept, last_flushes, lengths, places, rebuild, wipe
from tests.faults.world import MIXED, PARTITIONS, Logged, World, read_once

EVENTS = 600
CLICK = channel_topic("click")


def now_ms() -> int:
    return int(time.time() * 1000)


@pytest.fixture
def world(real_kafka: KafkaBroker, real_redis: RedisServer) -> World:
    """Apache Kafka with the topics, and an empty redis-server; many small flushes."""
    create_topics({"bootstrap.servers": real_kafka.bootstrap_servers}, CHANNELS, PARTITIONS)
    return World(real_kafka.bootstrap_servers, real_redis.redis_url, flush_events=10)


def cut(broker: KafkaBroker, offsets: dict[tuple[str, int], int]) -> None:
    """Remove all records below these offsets."""
    parts = [TopicPartition(*place, offset) for place, offset in offsets.items()]
    admin = broker.admin()  # its answers come as long as it lives
    for done in admin.delete_records(parts).values():
        done.result(10)


def a_third_of(world: World, topic: str) -> dict[tuple[str, int], int]:
    """(topic, partition) → the offset at which a third of its records end."""
    ends = {(topic, record.partition): record.offset + 1 for record in world.log(topic)}
    return {place: end // 3 for place, end in ends.items()}


def place_of(topic: str) -> Callable[[Logged], Applied]:
    read = read_enriched if topic == ENRICHED else read_action
    return lambda logged: read(logged.value).applied


def read_of(world: World, topic: str, earlier: list[Logged]) -> list[Logged]:
    """What a reader has taken in the end that had read `earlier`, which may be gone now."""
    last = max(((x.partition, x.offset) for x in earlier), default=(0, -1))
    assert last
    offsets = {x.partition: x.offset for x in earlier}
    late = [x for x in world.log(topic) if x.offset > offsets.get(x.partition, -1)]
    rows = [x for x in (*earlier, *late) if x.key is not None]
    return read_once((x, place_of(topic)(x)) for x in rows)


def test_a_whole_history_is_made_again_byte_for_byte(world: World) -> None:
    produced = world.fill(EVENTS, now_ms())
    assert world.run("never", 1, produced) == 0
    before, logged, last = kept(world), lengths(world), last_flushes(world)
    wipe(world)
    ended = rebuild(world, PLANS_AT_ONCE="4")
    assert ended.code == 0, ended.said
    assert kept(world) == before
    assert lengths(world) - logged == last


@pytest.mark.parametrize("topic", [CLICK, ENRICHED])
def test_what_retention_has_taken_is_named_and_readers_see_nothing_again(
    world: World, real_kafka: KafkaBroker, topic: str
) -> None:
    produced = world.fill(EVENTS, now_ms())
    assert world.run("never", 1, produced) == 0
    rows, actions, commits = world.log(ENRICHED), world.log(ACTIONS), world.commits()
    before = places(world)
    cut(real_kafka, removed := a_third_of(world, topic))
    wipe(world)

    refused = rebuild(world)
    assert refused.code == 4
    told = {(one["topic"], one["partition"]): one for one in refused.last["removed"]}
    assert {place: one["below"] for place, one in told.items()} == removed
    assert all(one["since"] and one["of"] > one["below"] for one in told.values())
    assert f"{topic}[0]: offsets 0 to {removed[topic, 0] - 1:,} are gone" in refused.said
    assert [one["shard"] for one in refused.last["lost"]] == list(range(PARTITIONS))

    ended = rebuild(world, "--accept-loss")
    assert ended.code == 0, ended.said
    assert 0 < ended.last["flushes"] < sum(commits.values())
    assert {s: (place[:2], offsets(place[3])) for s, place in places(world).items()} == {
        s: (place[:2], offsets(place[3])) for s, place in before.items()
    }
    more = world.fill(EVENTS // 4, now_ms(), seed=8)
    events = ended.last["events"]
    assert world.run("never", 1, events + more) == 0
    taken = [read_enriched(x.value).id for x in read_of(world, ENRICHED, rows)]
    assert len(taken) == len(set(taken)) == produced + more
    acted = [read_action(x.value).id for x in read_of(world, ACTIONS, actions)]
    assert len(acted) == len(set(acted))


def offsets(positions: Mapping[str, Position]) -> dict[str, int]:
    """Topic → next offset."""
    return {topic: position.next_offset for topic, position in positions.items()}


def test_where_only_the_beginning_is_lost_the_senders_of_what_was_forwarded_are_known_as_before(
    world: World, real_kafka: KafkaBroker
) -> None:
    """Else what they forward again would count again."""
    produced = world.fill(EVENTS, now_ms(), producers=MIXED)
    assert world.run("never", 1, produced) == 0
    before = origins(world)
    cut(real_kafka, ends_of(world, ENRICHED))
    wipe(world)
    ended = rebuild(world, "--accept-loss")
    assert ended.code == 0, ended.said
    assert origins(world) == before


def ends_of(world: World, topic: str) -> dict[tuple[str, int], int]:
    """(topic, partition) → the offset of its last plan."""
    return {(topic, x.partition): x.offset for x in world.log(topic) if x.key is None}


def origins(world: World) -> dict[int, dict[str, int]]:
    """Shard → sender → the lowest offset that is new, in Redis."""
    client = redis.Redis.from_url(world.redis_url, decode_responses=True)
    keys = {shard: shard_keys(shard).origins.decode() for shard in range(PARTITIONS)}
    found: dict[int, Any] = {shard: client.hgetall(key) for shard, key in keys.items()}
    return {shard: {k: int(v) for k, v in of.items()} for shard, of in found.items()}


def test_events_that_retention_took_before_they_were_read_are_accepted(
    world: World, real_kafka: KafkaBroker
) -> None:
    produced = world.fill(EVENTS // 2, now_ms())
    assert world.run("never", 1, produced) == 0
    read = {record.partition: record.offset + 1 for record in world.log(CLICK)}
    world.fill(EVENTS, now_ms(), seed=8)
    unread = {
        (CLICK, record.partition): record.offset + 1 - 3
        for record in world.log(CLICK)
        if record.offset >= read[record.partition]
    }
    cut(real_kafka, unread)
    gone = sum(end - read[partition] for (_, partition), end in unread.items())
    child = world.start("never", 1, produced + EVENTS)
    _, said = child.communicate(timeout=60)
    assert child.returncode != 0
    assert f"touchline topics accept-recreated {CLICK}" in said
    told = accept(world, CLICK)
    assert told.code == 0, told.said
    left = EVENTS - gone
    assert world.run("never", 1, produced + left) == 0
    assert world.accounted() == produced + left
    taken = [read_enriched(x.value).id for x in read_of(world, ENRICHED, [])]
    assert len(taken) == len(set(taken)) == produced + left


def test_a_begun_flush_whose_input_retention_took_is_dropped(
    world: World, real_kafka: KafkaBroker
) -> None:
    world = structs.replace(world, flush_events=50)
    produced = world.fill(EVENTS, now_ms())
    assert world.run("3 half produced", 6, produced) == -9
    ends = {(CLICK, x.partition): x.offset + 1 for x in world.log(CLICK)}
    cut(real_kafka, ends)
    told = accept(world, CLICK)
    assert told.code == 0, told.said
    dropped = [change for change in told.last["changed"] if change["dropped"]]
    assert {change["generation"] for change in dropped} == {1}
    done = {shard: place[3][CLICK].next_offset for shard, place in places(world).items()}
    assert done == {partition: end for (_, partition), end in ends.items()}
