"""What a customer did, one Deed for each row of the enriched log, read by plain JSON."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAMES = {
    "identify": "Identified",
    "page": "Page Viewed",
    "screen": "Screen Viewed",
    "group": "Grouped",
    "alias": "Aliased",
}


class Deed(NamedTuple):
    """One event as its producer told it. Times are milliseconds since the epoch."""

    customer: str
    message_id: str
    channel: str
    type: str
    name: str
    at_ms: int
    properties: dict[str, Any]
    traits: dict[str, Any]
    declared: Mapping[str, str]
    """The traits that the playbook of that time declares, with their types."""


def read_deed(original: bytes, channel: str, declared: Mapping[str, str]) -> Deed:
    """The deed that `original` tells of."""
    told = json.loads(original)
    customer = told.get("userId")
    return Deed(
        customer=told["anonymousId"] if customer is None else customer,
        message_id=told["messageId"],
        channel=channel,
        type=told["type"],
        name=told["event"] if told["type"] == "track" else NAMES[told["type"]],
        at_ms=ms_of(told.get("timestamp") or told["originalTimestamp"]),
        properties=told.get("properties") or {},
        traits=told.get("traits") or {},
        declared=declared,
    )


def ms_of(text: str) -> int:
    """Milliseconds since the epoch of an RFC 3339 text, rounded down."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)


def moment(at_ms: int) -> datetime:
    """The same as a datetime."""
    return EPOCH + timedelta(milliseconds=at_ms)


def text_of(at_ms: int) -> str:
    """The same as records have it: RFC 3339 in UTC with milliseconds."""
    return moment(at_ms).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
