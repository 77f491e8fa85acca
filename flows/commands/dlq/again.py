"""From a dead letter to the event that is written again. Pure."""

from collections.abc import Collection
from typing import Any, Final

import orjson

from connectors.events.dead_letter import Reason, Refusal
from connectors.events.decode import MAX_BYTES, decode
from connectors.events.replayed import REPLAY, replay_header
from connectors.kafka.replayer import Again
from flows.commands.dlq.left import Left, LeftBehind
from flows.commands.dlq.letters import Letter
from flows.commands.dlq.mending import Fix

MOST_BYTES: Final = 1_000_000
"""Of value, key and headers together: what librdkafka's producers send unless told otherwise."""


def again(letter: Letter, topic_id: str, channels: Collection[str], fix: Fix | None) -> Again:
    """The event with its headers, whole or mended, for the topic that it came from.

    `topic_id`: the dead-letter topic's. Its key is the customer's id if the value tells one, else
    the key that it had. Raises LeftBehind.
    """
    record = letter.record
    if record.detail.startswith("cut, "):
        raise LeftBehind(Left.CUT)
    if letter.channel not in channels:
        raise LeftBehind(Left.NO_CHANNEL, record.topic)
    if not record.value and fix is None:
        raise LeftBehind(Left.NO_VALUE)
    value = fix.apply(record.value) if fix is not None else record.value or b""
    headers = [
        *((name, content) for name, content in record.headers if name != REPLAY),
        replay_header(topic_id, letter.partition, letter.offset, record.first_at),
    ]
    key = _customer(value) or record.key
    size = len(value) + len(key or b"")
    size += sum(len(name) + len(content or b"") for name, content in headers)
    if len(value) > MAX_BYTES or size > MOST_BYTES:
        raise LeftBehind(Left.TOO_LARGE, f"{size:,} bytes")
    return Again(record.topic, value, key, headers, letter.mark(topic_id))


def refused_again(letter: Letter, event: Again, now_ms: int) -> Reason | None:
    """Why the decoder of this version would refuse `event` now; None when it takes it."""
    found = decode(event.value, letter.channel, now_ms, now_ms)
    return found.reason if isinstance(found, Refusal) else None


def _customer(value: bytes) -> bytes | None:
    """Whose event it is, as `decode` has it; None when that cannot be told."""
    try:
        event: Any = orjson.loads(value)
    except ValueError:
        return None
    if not isinstance(event, dict):
        return None
    user, anonymous = event.get("userId"), event.get("anonymousId")
    customer = anonymous if user is None else user
    return customer.encode() if isinstance(customer, str) and customer else None
