"""Events as producers send them, one a channel, and arbitrary ones for laws."""

import json
from typing import Any

from hypothesis import strategies as st

from connectors.events.event import Event

NOW = 1_767_225_600_000
"""2026-01-01T00:00:00Z."""
AT = "2025-12-31T23:59:58.123Z"
AT_MS = NOW - 1877

CLICK: dict[str, Any] = {
    "messageId": "m-1",
    "type": "track",
    "event": "Product Viewed",
    "userId": "ana",
    "anonymousId": "a-77",
    "timestamp": AT,
    "sentAt": AT,
    "properties": {"product_id": "sku-1", "price": 59.9, "category": "Shoes"},
    "context": {"library": {"name": "web", "version": "1"}},
    "version": 2,
}
EMAIL = CLICK | {"event": "Email Opened", "properties": {"email_id": "c-9", "subject": "Hallo, ☀"}}
CHAT = CLICK | {"event": "Live Chat Message Sent", "properties": {"conversation_id": "x"}}
KIOSK = CLICK | {"event": "Kiosk Transaction Failed", "properties": {"kiosk_id": 4, "retries": [1]}}
CHANNELS = {"click": CLICK, "email": EMAIL, "chat": CHAT, "kiosk": KIOSK}


def raw(**changes: Any) -> bytes:
    """A click with fields changed; a field that is `...` is left out."""
    return json.dumps({k: v for k, v in (CLICK | changes).items() if v is not ...}).encode()


# Neither NaN nor infinity: they have no JSON. Lone surrogates have no UTF-8.
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)
json_objects = st.dictionaries(st.text(), json_values, max_size=6)
READ = set(Event.__struct_encode_fields__)
other_fields = st.dictionaries(
    st.text().filter(lambda name: name not in READ), json_values, max_size=6
)
"""Fields that nobody reads: one that is read must be of its type."""


@st.composite
def valid_raws(draw: st.DrawFn) -> bytes:
    """The bytes of an event that must be taken: any properties, any spelling of the same JSON."""
    event = draw(other_fields) | draw(st.sampled_from(list(CHANNELS.values())))
    event |= {"properties": draw(json_objects), "traits": draw(json_objects)}
    text = json.dumps(
        event,
        ensure_ascii=draw(st.booleans()),
        indent=draw(st.sampled_from([None, 0, 1])),
    )
    return draw(st.sampled_from([b"", b" ", b"\n\t"])) + text.encode()
