"""Dead letters for tests of the commands that read them."""

from datetime import UTC, datetime
from typing import Any

from confluent_kafka import Producer

from connectors.events.dead_letter import Reason
from connectors.kafka.topics import DEAD_LETTER, MAX_DEAD_LETTER_BYTES
from connectors.published.record_types import read_dead_letter
from connectors.published.records import dead_letter_record
from flows.commands.dlq.letters import Letter
from state.applied import Applied
from state.times import milliseconds

NOON_MS = milliseconds(datetime(2026, 1, 15, 12, 0, tzinfo=UTC))
EVENT = (
    b'{"messageId":"m","type":"track","event":"E","userId":"ann",'
    b'"timestamp":"2026-01-15T11:59:00Z"}'
)


def record(partition: int = 3, index: int = 0, **changes: Any) -> bytes:
    """The bytes of one; `index` is its number in its shard's only flush."""
    told: dict[str, Any] = {
        "raw": EVENT,
        "key": b"ann",
        "headers": [("trace", b"\x01")],
        "topic": "touchpoints.click",
        "partition": partition,
        "offset": 4_711,
        "reason": Reason.INVALID,
        "detail": "Expected `str`, got `int` - at `$.userId`",
        "stage": "decode",
        "at_ms": NOON_MS,
        "applied": Applied(partition, 0, 1, index),
    }
    told |= changes
    return dead_letter_record(**({"first_at_ms": told["at_ms"]} | told))


def letter(offset: int = 41, **changes: Any) -> Letter:
    """One as it is read."""
    found = read_dead_letter(record(**changes))
    return Letter(found.applied.shard, offset, found)


def write(servers: str, *records: bytes, partition: int = 3) -> None:
    """Put them into the dead-letter topic."""
    producer = Producer({"bootstrap.servers": servers, "message.max.bytes": MAX_DEAD_LETTER_BYTES})
    for value in records:
        producer.produce(DEAD_LETTER, value, partition=partition)
    assert producer.flush(20) == 0
