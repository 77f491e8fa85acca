"""Whether a topic still holds what a plan read."""

from confluent_kafka import Producer

from connectors.kafka.forwarding import MARK
from connectors.kafka.planned_input import is_there
from connectors.kafka.topics import FORWARD
from state.fence import Plan, Range
from state.ordering import checksum

SHARD = 3


def plan_of(mark: bytes) -> Plan:
    """A plan that read one forwarded event with `mark`."""
    ranges = {FORWARD: Range(0, 1, 1)}
    return Plan(1, 0, ranges, 0, "p", "b", checksum=checksum([Event()], [mark]))


class Event:
    """What was forwarded."""

    def timestamp(self) -> tuple[int, int]:
        return 1, 0

    def value(self) -> bytes | None:
        return b"event"


def test_a_forwarded_event_is_there_when_value_and_mark_are_those_that_were_planned(
    fresh_topics: str,
) -> None:
    config = {"bootstrap.servers": fresh_topics}
    producer = Producer(config)
    producer.produce(FORWARD, Event().value(), partition=SHARD, headers=[(MARK, b"a mark")])
    producer.flush()
    assert is_there(config, SHARD, plan_of(b"a mark"))
    assert not is_there(config, SHARD, plan_of(b"another"))
