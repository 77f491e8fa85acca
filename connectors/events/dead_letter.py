"""Why an event goes to the dead-letter topic instead of changing a customer's state."""

from enum import StrEnum

from msgspec import Struct


class Reason(StrEnum):
    """The closed list of reasons; a dead letter carries exactly one, metrics count each."""

    TOMBSTONE = "tombstone"
    """No value at all: a deletion mark, which means nothing in a topic of events."""
    EMPTY = "empty"
    """A value of no bytes."""
    TOO_LARGE = "too_large"
    """More bytes than an event may have."""
    TOO_DEEP = "too_deep"
    """Objects and arrays nested deeper than an event may be."""
    TOO_MANY_KEYS = "too_many_keys"
    """More different keys than one event may use."""
    NOT_UTF8 = "not_utf8"
    """Not UTF-8 text."""
    NOT_JSON = "not_json"
    """Not JSON (RFC 8259); NaN, lone surrogates and numbers beyond a double are not either."""
    INVALID = "invalid"
    """JSON, but a field is missing or of another type; the detail names its path."""
    NO_ID = "no_id"
    """Neither `userId` nor `anonymousId`."""
    BAD_ID = "bad_id"
    """An id that is empty, too long, or holds control characters."""
    IN_FUTURE = "in_future"
    """Happened later than the allowed disorder of clocks explains, and nothing corrects that."""
    TOO_LATE = "too_late"
    """Happened too long ago to still be taken into account."""
    MISPLACED = "misplaced"
    """Came in another partition than its customer id belongs to, however often it was forwarded."""
    BAD_ORIGIN = "bad_origin"
    """Lies among the forwarded events without a mark of where it came from that can be true."""
    BAD_BROADCAST = "bad_broadcast"
    """Lies among what all shards are told, and is no such record."""
    UNDECIDABLE = "undecidable"
    """What the event leads to could not be computed; nothing was changed by it."""


class Refusal(Struct, frozen=True, gc=False):
    """An event that is not taken: the value at the other door of `decode`."""

    reason: Reason
    detail: str
    """Place and expectation, for people. Never a value out of the event, which may be personal."""
