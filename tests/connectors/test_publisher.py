"""What is refused for good has nothing behind it in the log: it would be passed over later."""

import logging

import pytest
from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]  # its module does not list it

from connectors.kafka.errors import Outage
from connectors.kafka.publisher import NotDelivered, Publisher
from connectors.kafka.to_end import ToEnd
from connectors.kafka.topics import ENRICHED, FORWARD
from state.outbox import ForwardEntry
from tests.brokers.kafka_broker import KafkaBroker

SMALL, LARGE = b"s" * 10, b"l" * 5_000


@pytest.mark.parametrize("topic", [FORWARD, ENRICHED])
def test_behind_a_record_that_is_refused_none_is_published(
    real_kafka: KafkaBroker, topic: str
) -> None:
    admin = real_kafka.admin()  # its answers come as long as it lives
    small = NewTopic(topic, num_partitions=1, config={"max.message.bytes": "1000"})
    admin.create_topics([small])[topic].result(20)
    config = {"bootstrap.servers": real_kafka.bootstrap_servers}
    # A batch each, as when they come one after the other.
    publisher = Publisher({**config, "batch.num.messages": "1"}, Outage(logging.getLogger("test")))
    values = [SMALL, SMALL, LARGE, *[SMALL] * 5]
    if topic == FORWARD:
        publisher.forwards(0, [ForwardEntry(0, b"ann", value, []) for value in values])
    else:
        publisher.enriched(0, [("ann", value) for value in values])
    with pytest.raises(NotDelivered, match="Message size too large"):
        any(iter(lambda: publisher.settle(0.25), True))
    with pytest.raises(NotDelivered):
        publisher.actions(0, [(b"ann", SMALL)])
    publisher.abandon()
    reader = ToEnd(config, {(topic, 0): 0})
    assert [m.value() for batch in reader.batches() for m in batch] in ([SMALL], [SMALL, SMALL])
