"""One of a group reads on through every rebalance: nothing twice, nothing left out."""

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import Struct

from connectors.kafka import shard_consumer
from connectors.kafka.errors import Outage
from connectors.kafka.shard_group import Event, Rebalance, ShardGroup, Unequal

TOPICS = ("touchpoints.click", "touchpoints.chat")
Place = tuple[str, int]


class Message(Struct):
    """A record of an endless log."""

    place: Place
    at: int

    def error(self) -> None:
        return None

    def topic(self) -> str:
        return self.place[0]

    def partition(self) -> int:
        return self.place[1]

    def offset(self) -> int:
        return self.at

    def value(self) -> bytes:
        return b"{}"


class Client:
    """Takes the place of librdkafka's consumer. What was assigned has no end; Kafka's words come in
    the middle of a batch, and what it holds already of a partition may be dropped with them."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.positions: dict[Place, int] = {}
        self.paused: set[Place] = set()
        self.answered = 0
        self.due: list[Callable[[], None]] = []
        self.chance = random.Random(0)

    def subscribe(self, topics: list[str], **heard: Callable[[Any, list[Any]], None]) -> None:
        self.heard = heard

    def says(self, event: Event, shards: Sequence[int] = ()) -> None:
        """Kafka's next word."""
        parts = [TopicPartition(topic, shard) for topic in TOPICS for shard in shards]
        names = {Event.ASSIGNED: "on_assign", Event.REVOKED: "on_revoke", Event.LOST: "on_lost"}
        self.due.append(lambda: self.heard[names[event]](self, parts))

    def assign(self, parts: list[TopicPartition]) -> None:
        self.positions = {(part.topic, part.partition): part.offset for part in parts}

    def unassign(self) -> None:
        self.positions = {}
        self.answered += 1

    def pause(self, parts: list[TopicPartition]) -> None:
        self.paused |= {(part.topic, part.partition) for part in parts}

    def resume(self, parts: list[TopicPartition]) -> None:
        self.paused -= {(part.topic, part.partition) for part in parts}

    def poll(self, _wait_s: float) -> Message | None:
        return next(iter(self.consume(1, 0)), None)

    def consume(self, limit: int, _wait_s: float) -> list[Message]:
        heard_at = self.chance.randrange(limit)
        batch: list[Message] = []
        for number in range(limit):
            if number == heard_at and self.due:
                self.due.pop(0)()
                dropped = {place for place in self.positions if self.chance.random() < 0.5}
                batch = [message for message in batch if message.place not in dropped]
            flowing = sorted(self.positions.keys() - self.paused)
            if flowing:
                place = self.chance.choice(flowing)
                batch.append(Message(place, self.positions[place]))
                self.positions[place] += 1
        return batch


def member(**config: str) -> tuple[ShardGroup, Any]:
    """One of the group, and the client it reads with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shard_consumer, "Consumer", Client)
        group = ShardGroup(config, TOPICS, Outage(logging.getLogger("test")))
    return group, group._consumer


class Reader:
    """What is read of each partition, held to coming without a hole from where it was started."""

    def __init__(self, group: ShardGroup) -> None:
        self.group = group
        self.expected: dict[Place, int] = {}

    def start(self, shard: int, offset: int) -> None:
        self.expected |= {(topic, shard): offset for topic in TOPICS}
        self.group.start(shard, dict.fromkeys(TOPICS, offset))

    def stop(self, shard: int) -> None:
        self.group.stop(shard)
        for topic in TOPICS:
            self.expected.pop((topic, shard), None)

    def fetch(self, limit: int = 5) -> set[Place]:
        """Places of what came."""
        records = self.group.fetch(limit, 0)
        assert len(records) <= limit
        for record in records:
            place = (record.topic(), record.partition())
            assert record.offset() == self.expected[place], "twice, or left out"
            self.expected[place] += 1
        return {(record.topic(), record.partition()) for record in records}


SHARDS = st.frozensets(st.sampled_from(range(3)))


class Round(Struct, frozen=True):
    """One assignment, and what is done until the next."""

    lost: bool
    """The session has expired before it."""
    assigned: frozenset[int]
    begun_again: frozenset[int]
    """Shards that are started from elsewhere, as after a doubt."""
    stopped: frozenset[int]
    held: frozenset[int]
    fetches: int


ROUNDS = st.lists(
    st.builds(Round, st.booleans(), SHARDS, SHARDS, SHARDS, SHARDS, st.integers(0, 5)), max_size=6
)


NONE = frozenset[int]()


@given(ROUNDS, st.integers(0, 2**32))
@example([Round(False, frozenset({0}), NONE, NONE, NONE, 3)] * 2, 0)
def test_through_any_rebalance_each_record_of_a_shard_comes_once_and_none_is_left_out(
    rounds: list[Round], seed: int
) -> None:
    group, client = member()
    client.chance = random.Random(seed)
    reader, had = Reader(group), frozenset[int]()
    for number, now in enumerate(rounds):
        client.says(Event.LOST if now.lost else Event.REVOKED)
        while client.due:
            reader.fetch()
        assert not client.positions, "nothing is read while it is open whose the shards are"
        if not now.lost:
            group.let_go()
        client.says(Event.ASSIGNED, sorted(now.assigned))
        while client.due:
            assert not reader.fetch(), "from where it is read is not known yet"
        assert group.told()[-1] == Rebalance(Event.ASSIGNED, now.assigned)
        for shard in had if now.lost else had - now.assigned:
            reader.stop(shard)
        new = now.assigned if now.lost else now.assigned - had
        for shard in new | (now.begun_again & now.assigned):
            reader.start(shard, number * 100)
        had = now.assigned
        held = {(topic, shard) for topic in TOPICS for shard in now.held & had}
        group.hold(held)
        for _ in range(now.fetches):
            assert not reader.fetch() & held
        for shard in now.stopped & had:
            reader.stop(shard)
            had -= {shard}
        reader.fetch()
    group.hold(set())
    read = {place for _ in range(100) for place in reader.fetch(20)}
    assert read == reader.expected.keys(), "all that was started is read, and nothing else"


def test_the_group_has_its_answer_only_when_the_shards_are_let_go() -> None:
    group, client = member()
    client.says(Event.ASSIGNED, [0, 1])
    group.fetch(1, 0)
    group.start(0, dict.fromkeys(TOPICS, 7))
    client.says(Event.REVOKED)
    group.fetch(1, 0)
    assert [told.event for told in group.told()] == [Event.ASSIGNED, Event.REVOKED]
    assert client.answered == 0
    group.let_go()
    assert client.answered == 1


def test_an_assignment_of_other_partitions_of_one_topic_than_of_another_is_named() -> None:
    group, client = member()
    client.due.append(lambda: group._assigned(client, [TopicPartition(TOPICS[1], 2)]))
    group.fetch(1, 0)
    with pytest.raises(Unequal, match=r"partitions \[\] of touchpoints.click and \[2\] of"):
        group.told()


@pytest.mark.parametrize(
    ("config", "session_ms", "beat_ms"),
    [
        ({}, 6_000, 1_500),
        ({"session.timeout.ms": "10000"}, 10_000, 2_500),
        ({"session.timeout.ms": "10000", "heartbeat.interval.ms": "300"}, 10_000, 300),
    ],
)
def test_a_member_is_missed_after_six_seconds_unless_told_otherwise(
    config: dict[str, str], session_ms: int, beat_ms: int
) -> None:
    _, client = member(**config)
    assert client.config["session.timeout.ms"] == session_ms
    assert client.config["heartbeat.interval.ms"] == beat_ms
    assert client.config["partition.assignment.strategy"] == "range"


def test_offsets_are_told_only_while_the_shards_are_ours() -> None:
    group, client = member()
    told: list[Any] = []
    client.commit = lambda offsets, asynchronous: told.append(offsets)
    group.commit([(TOPICS[0], 0, 5)])
    client.says(Event.ASSIGNED, [0])
    group.fetch(1, 0)
    group.commit([(TOPICS[0], 0, 6)])
    client.says(Event.REVOKED)
    group.fetch(1, 0)
    group.commit([(TOPICS[0], 0, 7)])
    assert [[part.offset for part in offsets] for offsets in told] == [[6]]
