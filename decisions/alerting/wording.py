"""What an alert says, and the key by which it is told apart."""

from collections.abc import Sequence

from msgspec import Struct

from decisions.language import Value
from decisions.rules import Alert
from decisions.templates import UNKNOWN, Template, filled, shortened, worded
from state.profile import Profile
from state.sections import EVENT
from state.touchpoint import Touchpoint, identity

MAX_KEY = 16
"""Bytes of a key as a profile remembers it; a longer one is remembered by its hash."""
MAX_KEPT = 60
"""Characters of one value of an event that is kept for a message that is said later."""


class Spot(Struct, frozen=True):
    """An alert with its key, as one event or what is remembered has it."""

    name: str
    """As the profile remembers it."""
    key: str | None
    errors: int = 0
    """1 if the key ended in an error."""


def spot(alert: Alert, profile: Profile, touchpoint: Touchpoint, now_ms: int) -> Spot:
    """The alert with the key it has now."""
    if alert.key is None:
        return Spot(alert.id, None)
    key, errors = text_of(alert.key, profile, touchpoint, now_ms)
    return Spot(name_of(alert.id, touchpoint.customer_id, key), key, errors)


def name_of(alert_id: str, customer_id: str, key: str | None) -> str:
    """By what a profile remembers an alert with this key; None: without one."""
    return alert_id if key is None else f"{alert_id}:{short(customer_id, key)}"


def short(customer_id: str, text: str) -> str:
    """A text of at most MAX_KEY bytes, equal for equal ones."""
    if len(text.encode()) <= MAX_KEY:
        return text
    return identity(customer_id, text).hex()[:MAX_KEY]


def render(
    template: Template,
    profile: Profile,
    touchpoint: Touchpoint,
    now_ms: int,
    kept: Sequence[Value] = (),
    texts: Sequence[str] = (),
) -> tuple[str, int]:
    """The message, and how many of its placeholders ended in an error (shown as UNKNOWN).

    What is among `kept` is said as `texts` have it, in the same order.
    """

    def say(value: Value) -> tuple[str, int]:
        if value in kept:
            place = kept.index(value)
            return texts[place] if place < len(texts) else UNKNOWN, 0
        text, failed = text_of(value, profile, touchpoint, now_ms)
        return UNKNOWN if text is None else shortened(text), failed

    return filled(template, say)


def keep_texts(
    alert: Alert, profile: Profile, touchpoint: Touchpoint, now_ms: int
) -> tuple[list[str], int]:
    """What the alert's messages will show of this event, and how many values ended in an error."""
    texts, errors = [], 0
    for value in alert.kept:
        text, failed = text_of(value, profile, touchpoint, now_ms)
        texts.append(UNKNOWN if text is None else text[:MAX_KEPT])
        errors += failed
    return texts, errors


def text_of(
    value: Value, profile: Profile, touchpoint: Touchpoint, now_ms: int
) -> tuple[str | None, int]:
    """A value as messages show it, and 1 if it ended in an error.

    Where time alone has come there is no event to look at: that is no error.
    """
    if not touchpoint.message_id and value.reads & EVENT:
        return None, 0
    return worded(value, profile, touchpoint, now_ms)
