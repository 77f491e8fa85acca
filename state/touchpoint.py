"""One event of one customer, as the pure core sees it."""

import hashlib
from typing import Any

from msgspec import Struct


class Touchpoint(Struct, gc=False):
    """An accepted event.

    Times are milliseconds since the epoch, UTC. `properties` and `traits` hold plain JSON values
    (dict, list, str, int, float, bool, None), nested at most as deep as the decoder allows.
    """

    id: str
    """32 hex digits, a function of customer id and message id (see `identity`)."""
    fingerprint: bytes
    """8 bytes of the same function: what the profile remembers to drop repeats."""
    message_id: str
    customer_id: str
    channel: str
    """The topic's: click, email, chat, kiosk or one more by configuration."""
    type: str
    """track, identify, page, screen, group or alias."""
    name: str
    """The event's name; for other types than track a fixed one (`Page Viewed`, ...)."""
    at_ms: int
    """When it happened, by the producer's clock, or corrected."""
    received_ms: int
    """The log record's timestamp: the broker's clock if its topic says LogAppendTime, else the
    producer's when it sent it. From 0 to `state.repeats.LAST_RECEIVED_MS`."""
    properties: dict[str, Any]
    traits: dict[str, Any]
    raw: bytes
    """The event as it came: valid UTF-8 JSON, one object."""
    corrected: bool = False
    """`at_ms` is not what the producer said, as that lay too far ahead."""
    firing: int = 0
    """Of what stands for time alone, and is no event: how often that has led to something so far,
    this time included. Its name and message id are empty."""
    because: str = ""
    """Of what stands for something that has come to be known of the world: what is the cause."""
    key: str | int | float | bool | None = None
    """No part of an event: while a run of a journey is asked for, what the run is about."""
    context: dict[str, Any] | None = None
    """No part of an event: while offers are chosen for who asks, what the page knows. None where
    nobody asks."""


def silence(customer_id: str, at_ms: int, firing: int, because: str = "") -> Touchpoint:
    """What stands for the time that has passed without an event, until `at_ms`."""
    return Touchpoint(
        *("", b"", "", customer_id, "", "", "", at_ms, at_ms, {}, {}, b""),
        firing=firing,
        because=because,
    )


def identity(customer_id: str, subject: str, *parts: str) -> bytes:
    """16 bytes that name (customer, subject, parts...); equal for equal arguments, for ever.

    Lengths go in, so that no two different argument lists read the same
    ("a", "bc" is not "ab", "c"). BLAKE2b, RFC 7693.
    """
    text = f"{len(customer_id)}:{customer_id}{len(subject)}:{subject}"
    for part in parts:
        text += f"{len(part)}:{part}"
    digest = _begun()  # a third of what a new one costs, and there is one for every event
    digest.update(text.encode())
    return digest.digest()


_begun = hashlib.blake2b(digest_size=16).copy
