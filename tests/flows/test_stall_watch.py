"""A consumer that has lost its way is noticed; one that has nothing to read, or rests, is left."""

import logging
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka import Producer, TopicPartition

from connectors.kafka.errors import Outage, Stalled
from connectors.kafka.shard_consumer import ShardConsumer
from connectors.kafka.topics import admin_client
from flows.processor.processor import Processor
from flows.processor.shard import Hold
from flows.processor.stall_watch import EVERY_S, LOOKS, StallWatch

LIMIT_S = 20


class Read:
    """Ten records of a shard, of which four are read, and who watches over the rest."""

    def __init__(self, servers: str, topic: str) -> None:
        config = {"bootstrap.servers": servers}
        producer = Producer(config)
        for number in range(10):
            producer.produce(topic, str(number), partition=0)
            # One by one: of several at once the embedded broker tells the end of the first.
            assert producer.flush(10) == 0
        self.place = (topic, 0)
        self.outage = Outage(logging.getLogger("test"))
        self.consumer = ShardConsumer(config, [topic], self.outage)
        self.consumer.start(0, {topic: 0})
        self.read(4)
        shard = SimpleNamespace(index=0, hold=Hold.OWNED)
        self.shard: Any = shard
        known: Any = SimpleNamespace(
            shards=[shard], inputs=[topic], consumer=self.consumer, outage=self.outage
        )
        self._now_s = 0.0
        self._watch = StallWatch(cast(Processor, known), admin_client(config), 0.0)

    def read(self, most: int) -> int:
        """How many have come: at least one of `most`, unless none can."""
        deadline = time.monotonic() + LIMIT_S
        while not (found := self.consumer.fetch(most, 0.1)):
            assert time.monotonic() < deadline
        return len(found)

    def looked_at(self, *, fetch: bool = True, lost: bool = False) -> int:
        """One look, with the answer; how many partitions did not come on since the one before.
        Before it nothing comes that is not handed out; `lost`: the shard is, before the answer."""
        self._now_s += EVERY_S
        if fetch:
            self.consumer.fetch(10, 0)
        deadline = time.monotonic() + LIMIT_S
        self._watch.look(self._now_s)
        if lost:
            self.shard.hold = Hold.WAITING
        while vars(self._watch)["_asked"]:
            assert time.monotonic() < deadline
            self._watch.look(self._now_s)
            time.sleep(0.01)
        return len(vars(self._watch)["_stuck"])

    def lose_its_way(self) -> None:
        """As far as the consumer knows all is well."""
        vars(self.consumer)["_consumer"].pause([TopicPartition(*self.place)])


def test_what_lies_there_and_does_not_come_ends_the_flow_by_name(kafka: str) -> None:
    read = Read(kafka, "stall-lost")
    read.lose_its_way()
    for _ in range(LOOKS - 1):
        read.looked_at()
    with pytest.raises(Stalled, match=r"stall-lost\[0\]: expected the 6 events .* offset 4 on"):
        read.looked_at()


def test_what_is_read_to_its_end_is_not_stuck(kafka: str) -> None:
    read = Read(kafka, "stall-ended")
    deadline = time.monotonic() + LIMIT_S
    while read.place not in read.consumer.ends:
        assert time.monotonic() < deadline
        read.consumer.fetch(10, 0.1)
    assert {read.looked_at() for _ in range(2 * LOOKS)} == {0}


def test_what_is_held_or_not_owned_is_not_stuck(kafka: str) -> None:
    read = Read(kafka, "stall-held")
    read.consumer.hold({read.place})
    assert {read.looked_at() for _ in range(2 * LOOKS)} == {0}
    read.consumer.hold(set())
    read.lose_its_way()
    assert {read.looked_at() for _ in range(LOOKS - 1)} == {1}
    assert read.looked_at(lost=True) == 0
    assert {read.looked_at() for _ in range(LOOKS)} == {0}


def test_while_kafka_is_away_nothing_is_stuck_nor_is_what_goes_on_however_slowly(
    kafka: str,
) -> None:
    read = Read(kafka, "stall-away")
    read.lose_its_way()
    read.outage.begin("away")
    assert {read.looked_at() for _ in range(2 * LOOKS)} == {0}
    read.outage.end()
    assert {read.looked_at() for _ in range(LOOKS - 1)} == {1}
    vars(read.consumer)["_consumer"].resume([TopicPartition(*read.place)])
    assert read.read(1) == 1
    read.lose_its_way()
    assert {read.looked_at() for _ in range(LOOKS - 1)} == {1}


def test_what_has_come_and_is_not_handed_out_yet_is_not_stuck(kafka: str) -> None:
    read = Read(kafka, "stall-full")
    for _ in range(2 * LOOKS):
        read.consumer.emptied = False  # as a fetch leaves it that brought as much as was asked for
        assert read.looked_at(fetch=False) == 0
