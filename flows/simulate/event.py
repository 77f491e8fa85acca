"""An event as Segment's libraries send it, and its bytes."""

import random
from datetime import UTC, datetime

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType


class Context(Struct, rename="camel", gc=False):
    """Where an event comes from. No address of any kind: nothing here is personal."""

    library: Raw
    user_agent: str | UnsetType = UNSET
    locale: str | UnsetType = UNSET
    page: Raw | UnsetType = UNSET


class Event(Struct, rename="camel", gc=False):
    """One call of a Segment library; a behaviour fills what it knows, the stream the rest."""

    type: str
    context: Context
    event: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    """Of a page."""
    properties: Raw | dict[str, object] | UnsetType = UNSET
    traits: dict[str, object] | UnsetType = UNSET
    message_id: str = ""
    user_id: str | UnsetType = UNSET
    anonymous_id: str | UnsetType = UNSET
    timestamp: str = ""
    sent_at: str = ""


encode_event = msgspec.json.Encoder().encode


UUID_7 = 7 << 76 | 2 << 62
"""Version and variant."""


def message_id(rng: random.Random, at_ms: int) -> str:
    """A UUID of version 7 (RFC 9562) with 60 bits of `rng`.

    The time in it keeps the ids of two runs with one seed apart.
    """
    digits = (at_ms << 80 | UUID_7 | rng.getrandbits(60)).to_bytes(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


class Rfc3339:
    """Milliseconds since the epoch → `2026-01-31T12:00:00.250Z`; remembers the second before."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def __call__(self, at_ms: int) -> str:
        """The time as text, UTC."""
        second, ms = divmod(at_ms, 1000)
        if second != self._second:
            self._second = second
            self._text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._text}.{ms:03d}Z"
