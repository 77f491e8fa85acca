"""The header by which an event that is written again from its dead letter says so.

Headers are part of the input, so what is read of them is the same each time that a flush is done.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec
import orjson
from msgspec import Struct

from connectors.events.event import Moment
from state.times import milliseconds, rfc3339

REPLAY: Final = "touchline-replay"
"""Name of the header; its value is the JSON of an `Origin`."""


class Origin(Struct, frozen=True):
    """Which dead letter an event was written again from."""

    topic_id: str
    """The broker's id of the dead-letter topic."""
    partition: int
    offset: int
    first_at: Moment
    """When it first became a dead letter."""


_read = msgspec.json.Decoder(Origin).decode


def replay_header(
    topic_id: str, partition: int, offset: int, first_at: datetime
) -> tuple[str, bytes]:
    """Name and value."""
    value = {
        "topic_id": topic_id,
        "partition": partition,
        "offset": offset,
        "first_at": rfc3339(milliseconds(first_at)),
    }
    return REPLAY, orjson.dumps(value)


def first_at_ms(headers: Iterable[tuple[str, bytes | None]], at_ms: int) -> int:
    """When an event with these headers first became a dead letter, now that it is one at `at_ms`.

    A header that is none of ours, or that tells of a later time, is as good as none.
    """
    for name, value in headers:
        if name == REPLAY and value is not None:
            try:
                told_ms = milliseconds(_read(value).first_at)
            except ValueError:
                continue
            if 0 <= told_ms < at_ms:
                return told_ms
    return at_ms
