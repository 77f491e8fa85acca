"""Bytes in, touchpoints out: whatever comes, one of two typed doors, and never an exception.

Pure: the same bytes and the same times give the same result, so a replay decodes alike.
"""

import re
from typing import Final

from msgspec import ValidationError, convert
from orjson import loads

from connectors.events.dead_letter import Reason, Refusal
from connectors.events.event import FIXED_NAMES, Event
from connectors.events.json_shape import deeper_than, distinct_keys
from connectors.events.timing import corrected_ms, in_future, too_late
from state.limits import USUAL, Limits
from state.times import milliseconds
from state.touchpoint import Touchpoint, identity

MAX_BYTES: Final = 32 * 1024
MAX_DEPTH: Final = 64
"""Levels of objects and arrays, the event itself being the first."""
MAX_KEYS: Final = 256
"""Different keys in one event, all levels together."""
FEW_KEYS_BYTES: Final = 6 * MAX_KEYS
"""A text so short has no more: the shortest entry of an object is `"k":0,`."""
MAX_ID_CHARACTERS: Final = 256

CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")


def decode(
    raw: bytes | None, channel: str, received_ms: int, now_ms: int, limits: Limits = USUAL
) -> Touchpoint | Refusal:
    """The touchpoint that `raw` says, or why there is none. Never raises.

    `raw` is the record's value, `channel` the topic's, `received_ms` when the broker logged it,
    `now_ms` what its time is judged by, within `limits` (one that is ahead of them is corrected if
    it can be, see `timing`); all in milliseconds since the epoch, UTC. Numbers come as JSON
    readers have them: integers that fit into 64 bits as int, all others as float, all finite.
    """
    if not raw:
        return TOMBSTONE if raw is None else EMPTY
    if len(raw) > MAX_BYTES:
        return Refusal(Reason.TOO_LARGE, f"{len(raw)} bytes, at most {MAX_BYTES} allowed")
    # An upper bound, so cheap that the true depth need only be found for few; and `in` is cheaper
    # than `count`, which goes through every byte.
    openings = raw.count(b"{") + (raw.count(b"[") if b"[" in raw else 0)
    if openings > MAX_DEPTH and deeper_than(raw, MAX_DEPTH):
        return Refusal(Reason.TOO_DEEP, f"nested deeper than {MAX_DEPTH} levels")
    try:
        # orjson reads every byte of it, msgspec's own decoder only declared fields: what passes
        # here is safe to splice into records that others read.
        tree = loads(raw)
        event = convert(tree, Event)
    except ValidationError as error:
        return Refusal(Reason.INVALID, str(error))
    except ValueError as error:
        return unreadable(raw, error)
    if len(raw) > FEW_KEYS_BYTES and (keys := _too_many_keys(raw, tree)):
        return Refusal(Reason.TOO_MANY_KEYS, f"{keys} different keys, at most {MAX_KEYS} allowed")
    return _judge(event, raw, channel, received_ms, now_ms, limits)


TOMBSTONE: Final = Refusal(Reason.TOMBSTONE, "no value")
EMPTY: Final = Refusal(Reason.EMPTY, "a value of no bytes")
NO_ID: Final = Refusal(Reason.NO_ID, "expected `userId` or `anonymousId`")
NO_TIME: Final = Refusal(Reason.INVALID, "expected `timestamp` or `originalTimestamp`")
NO_NAME: Final = Refusal(Reason.INVALID, "expected `event`, as the type is track - at `$.event`")
NO_TYPE: Final = Refusal(
    Reason.INVALID, f"expected one of track, {', '.join(FIXED_NAMES)} - at `$.type`"
)
BAD_ID: Final = Refusal(
    Reason.BAD_ID,
    f"expected 1 to {MAX_ID_CHARACTERS} characters, no control characters - "
    "at `$.userId`, or `$.anonymousId` if there is no `userId`",
)


BAD_CUSTOMER: Final = Refusal(
    Reason.BAD_ID,
    f"expected 1 to {MAX_ID_CHARACTERS} characters, no control characters - at `$.customer_id`",
)


def _too_many_keys(raw: bytes, tree: object) -> int:
    """How many different keys there are if that is too many, else 0."""
    if raw.count(b":") <= MAX_KEYS:  # an upper bound that costs nothing
        return 0
    keys = distinct_keys(tree)
    return keys if keys > MAX_KEYS else 0


def unreadable(raw: bytes, error: ValueError) -> Refusal:
    """Why `raw`, of which a reader of JSON said `error`, is no JSON."""
    try:
        raw.decode()
    except UnicodeDecodeError as mistake:
        return Refusal(Reason.NOT_UTF8, f"{mistake.reason} at byte {mistake.start}")
    return Refusal(Reason.NOT_JSON, str(error))


def is_customer_id(text: str) -> bool:
    """Whether a customer may be called so."""
    # isprintable is the quick check; it also minds characters that are fine in an id.
    return 0 < len(text) <= MAX_ID_CHARACTERS and (text.isprintable() or not CONTROL.search(text))


def _judge(
    event: Event, raw: bytes, channel: str, received_ms: int, now_ms: int, limits: Limits
) -> Touchpoint | Refusal:
    """What the types cannot say: name, customer, time."""
    name = event.event if event.type == "track" else FIXED_NAMES.get(event.type)
    if name is None:
        return NO_NAME if event.type == "track" else NO_TYPE
    customer_id = event.anonymous_id if event.user_id is None else event.user_id
    if customer_id is None:
        return NO_ID
    if not is_customer_id(customer_id):
        return BAD_ID
    moment = event.timestamp or event.original_timestamp
    if moment is None:
        return NO_TIME
    at_ms, corrected = milliseconds(moment), False
    if at_ms > now_ms + limits.ahead_ms:
        happened_ms = corrected_ms(event, received_ms, now_ms, limits)
        if happened_ms is None:
            return in_future(limits)
        at_ms, corrected = happened_ms, True
    if at_ms < now_ms - limits.late_ms:
        return too_late(limits, corrected=corrected)
    digest = identity(customer_id, event.message_id)
    return Touchpoint(
        digest.hex(),
        digest[:8],
        event.message_id,
        customer_id,
        channel,
        event.type,
        name,
        at_ms,
        received_ms,
        event.properties or {},
        event.traits or {},
        raw,
        corrected,
    )
