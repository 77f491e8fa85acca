"""Where the broker does not know the producer yet, the first record of a partition goes alone."""

import logging
import time
from collections.abc import Iterator

import pytest

from connectors.kafka import publisher as module
from connectors.kafka.errors import Outage
from connectors.kafka.publisher import Publisher
from connectors.kafka.to_end import ToEnd
from connectors.kafka.topics import ACTIONS, ENRICHED, FORWARD
from state.outbox import ForwardEntry
from tests.brokers.kafka_broker import KafkaBroker
from tests.brokers.records import make_topic

NAMES = (ENRICHED, ACTIONS, FORWARD)


@pytest.fixture
def published(real_kafka: KafkaBroker) -> Iterator[Publisher]:
    for name in NAMES:
        make_topic(real_kafka.admin(), name)
    config = {"bootstrap.servers": real_kafka.bootstrap_servers}
    publisher = Publisher(config, Outage(logging.getLogger("test")))
    yield publisher
    publisher.abandon()


def hand_over(publisher: Publisher, first: int) -> None:
    """A plan with two rows, two actions, and two events that are sent on: seven records."""
    numbers = [b"%d" % n for n in range(first, first + 7)]
    publisher.plan(0, numbers[0])
    publisher.enriched(0, [("ann", numbers[1]), ("bob", numbers[2])])
    publisher.actions(0, [(b"ann", numbers[3]), (b"bob", numbers[4])])
    publisher.forwards(
        0, [ForwardEntry(0, b"ann", number, [("n", b"1")]) for number in numbers[5:]]
    )


def sent(publisher: Publisher) -> int:
    """How many records librdkafka has that the broker has not acknowledged."""
    return len(vars(publisher)["_producer"])


def test_only_the_first_of_each_partition_is_sent_until_it_is_acknowledged(
    published: Publisher, real_kafka: KafkaBroker
) -> None:
    real_kafka.freeze()
    hand_over(published, 10)
    hand_over(published, 20)
    assert not published.settle(0.5)
    assert not published.settled()
    assert (sent(published), published.waiting()) == (len(NAMES), 14)
    real_kafka.thaw()
    assert published.settle(30)
    assert (sent(published), published.waiting()) == (0, 0)
    real_kafka.freeze()
    hand_over(published, 30)  # by now it is known
    assert (sent(published), published.waiting()) == (7, 7)
    real_kafka.thaw()
    assert published.settle(30)
    config = {"bootstrap.servers": real_kafka.bootstrap_servers}
    logs = [
        [m.value() for batch in ToEnd(config, {(name, 0): 0}).batches() for m in batch]
        for name in NAMES
    ]
    assert logs == [
        [b"10", b"11", b"12", b"20", b"21", b"22", b"30", b"31", b"32"],
        [b"13", b"14", b"23", b"24", b"33", b"34"],
        [b"15", b"16", b"25", b"26", b"35", b"36"],
    ]


def test_an_idle_flow_sends_the_rest_without_being_made_to_wait(published: Publisher) -> None:
    hand_over(published, 10)
    deadline = time.monotonic() + 30
    while not published.settled():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert published.waiting() == 0


def test_where_it_was_silent_for_long_it_counts_as_unknown_again(
    published: Publisher, real_kafka: KafkaBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_over(published, 10)
    assert published.settle(30)
    monkeypatch.setattr(module, "FORGOTTEN_S", 2.0)
    deadline = time.monotonic() + 2.5
    while time.monotonic() < deadline:
        published.enriched(0, [])  # as flushes without rows do: it is silent all the same
        published.actions(0, iter(()))
        published.forwards(0, [])
        time.sleep(0.1)
    real_kafka.freeze()
    hand_over(published, 20)
    assert (sent(published), published.waiting()) == (len(NAMES), 7)
    real_kafka.thaw()
    assert published.settle(30)


def test_what_waits_is_given_up_with_the_rest(
    published: Publisher, real_kafka: KafkaBroker
) -> None:
    real_kafka.freeze()
    hand_over(published, 10)
    published.abandon()
    assert published.waiting() == 0
    real_kafka.thaw()
