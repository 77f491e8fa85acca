"""The fold: what one event changes in what is known of a customer. Pure, and in place, for speed.

Most of a profile does not depend on the order in which events come: counts, first and last times,
amounts, scores. The exceptions say so: sessions, the cart, traits, and whatever was trimmed.
Nothing that an event holds makes the fold raise.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Final

from state.bounds import CHANNELS_KEPT, EVENTS_KEPT, cut, make_room
from state.event_names import NUMBERS, Key, event_name
from state.fold import cart, chat, consents, email, interests, kiosk, orders
from state.fold.reading import Properties
from state.fold.sessions import visit
from state.fold.traits import identify
from state.limits import USUAL
from state.profile import ChannelActivity, Profile
from state.repeats import Window, entry, is_repeat
from state.sections import CHANNELS, EMAIL, EVENTS
from state.touchpoint import Touchpoint

_EFFECTS: Final[dict[str, Callable[[Profile, Properties, int], int]]] = {
    "Product List Viewed": interests.interest,
    "Product Clicked": interests.interest,
    "Product Viewed": interests.interest,
    "Product Added to Wishlist": interests.wished,
    "Product Shared": interests.wished,
    "Product Reviewed": interests.wished,
    "Product Added": cart.added,
    "Product Removed": cart.removed,
    "Cart Viewed": cart.stated,
    "Checkout Started": cart.stated,
    "Order Completed": orders.completed,
    "Order Refunded": orders.returned,
    "Order Cancelled": orders.returned,
    "Email Delivered": email.sent,
    "Email Sent": email.sent,
    "Email Opened": email.opened,
    "Email Link Clicked": email.clicked,
    "Email Bounced": email.bounced,
    "Email Marked as Spam": email.unsubscribed,
    "Unsubscribed": email.unsubscribed,
    "Subscribed": email.subscribed,
    "Kiosk Session Started": kiosk.started,
    "Kiosk Item Scanned": kiosk.scanned,
    "Kiosk Transaction Completed": kiosk.completed,
    "Kiosk Transaction Failed": kiosk.failed,
    "Kiosk Session Ended": kiosk.seen,
    "Live Chat Conversation Started": chat.started,
    "Live Chat Message Sent": chat.message,
    "Live Chat Message Received": chat.message,
    "Live Chat Conversation Ended": chat.ended,
}
_KNOWN: Final = {
    name: (NUMBERS.get(name, name), _EFFECTS.get(name)) for name in (*NUMBERS, *_EFFECTS)
}
"""Name → its `event_key`, and what it does: one look an event for both."""


def fold(
    profile: Profile,
    touchpoint: Touchpoint,
    traits: Mapping[str, str],
    window: Window = USUAL.duplicates,
    purposes: Collection[str] = (),
) -> int:
    """Take `touchpoint` into `profile`, in place; returns the changed sections (`state.sections`).

    Returns 0, and changes nothing, when it is a repeat within `window` (see `state.repeats`).
    `traits` are the declared ones, name -> type as `identify` has it; others are ignored.
    `purposes` are the declared ones: of others only so many are kept.
    """
    recent = profile.recent
    fingerprint, received_ms = touchpoint.fingerprint, touchpoint.received_ms
    # Nearly always it is nowhere in there, which `rfind` tells faster than `find`.
    if recent.rfind(fingerprint) >= 0 and is_repeat(recent, fingerprint, received_ms, window):
        return 0
    recent += entry(fingerprint, received_ms // 1_000)
    profile.recent = recent if len(recent) <= window.size else recent[-window.size :]

    at_ms = touchpoint.at_ms
    if at_ms > profile.last_at:
        profile.last_at = at_ms
    elif at_ms < profile.first_at:
        profile.first_at = at_ms

    channel = profile.channels.get(touchpoint.channel)
    if channel is None:
        channel = _new_channel(profile, touchpoint.channel, at_ms)
    channel.events += 1
    if at_ms > channel.last_at:
        channel.last_at = at_ms
    elif at_ms < channel.first_at:
        channel.first_at = at_ms

    name = touchpoint.name
    events = profile.events
    key, effect = _KNOWN.get(name) or (name, None)
    if key in events:
        events[key] += 1
    else:
        _count_new(profile, key)

    bits = CHANNELS | EVENTS
    if effect is not None:
        bits |= effect(profile, touchpoint.properties, at_ms)
        # What a mail server or a mail reader reports is no visit of the customer.
        if bits & EMAIL:
            return bits
    elif name in consents.SAYS:
        bits |= consents.said(profile, name, touchpoint.properties, at_ms, purposes)
    elif touchpoint.type == "identify":
        bits |= identify(profile, touchpoint.traits, at_ms, traits)
    return bits | visit(profile.sessions, at_ms)


def _new_channel(profile: Profile, name: str, at_ms: int) -> ChannelActivity:
    if not profile.channels:  # The customer's first event of all.
        profile.first_at = at_ms
    name = cut(profile, name)
    channel = profile.channels.get(name)
    if channel is None:
        make_room(profile, profile.channels, CHANNELS_KEPT, lambda channel: channel.events)
        channel = profile.channels[name] = ChannelActivity(first_at=at_ms)
    return channel


def _count_new(profile: Profile, key: Key) -> None:
    events = profile.events
    if isinstance(key, str):
        key = cut(profile, key)
    if key not in events:
        make_room(profile, events, EVENTS_KEPT, int, event_name)
    events[key] = events.get(key, 0) + 1
