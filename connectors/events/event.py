"""An event as producers send it: the fields of the Segment spec that are read here."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

Moment = Annotated[datetime, Meta(tz=True)]
"""RFC 3339 with a zone."""
Name = Annotated[str, Meta(min_length=1, max_length=128)]

FIXED_NAMES = {
    "identify": "Identified",
    "page": "Page Viewed",
    "screen": "Screen Viewed",
    "group": "Grouped",
    "alias": "Aliased",
}
"""Type → the name its events have; `track` events bring their own."""


class Event(Struct, rename="camel", gc=False):
    """One event. Other fields (`context`, `integrations`, ...) may be there and are kept unread.

    The rules no type can say: `event` is required for `track`; one of `user_id` and
    `anonymous_id` is required, the former wins; so with `timestamp` and `original_timestamp`.
    """

    message_id: Name
    type: str
    event: Name | None = None
    user_id: str | None = None
    anonymous_id: str | None = None
    timestamp: Moment | None = None
    original_timestamp: Moment | None = None
    sent_at: Moment | None = None
    received_at: Moment | None = None
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    version: str | int | float | None = None
