"""Conversations (Segment's live chat specification), independent of the order of events."""

from state.fold.reading import Properties, number
from state.profile import Profile
from state.sections import CHAT


def started(profile: Profile, _: Properties, at_ms: int) -> int:
    """Live Chat Conversation Started."""
    chat = profile.chat
    chat.conversations += 1
    if at_ms > chat.turned_at:
        chat.turned_at = at_ms
        chat.open = True
    return _seen(profile, at_ms)


def message(profile: Profile, _: Properties, at_ms: int) -> int:
    """Live Chat Message Sent, Live Chat Message Received."""
    profile.chat.messages += 1
    return _seen(profile, at_ms)


def ended(profile: Profile, properties: Properties, at_ms: int) -> int:
    """Live Chat Conversation Ended, perhaps with a `rating` from 1 to 5.

    At the same instant the end beats a beginning, and the lower of two ratings the higher.
    """
    chat = profile.chat
    if at_ms >= chat.turned_at:
        chat.turned_at = at_ms
        chat.open = False
    rating = number(properties.get("rating"))
    if (
        rating is not None
        and 1.0 <= rating <= 5.0
        and (at_ms > chat.rated_at or (at_ms == chat.rated_at and int(rating) < chat.rating))
    ):
        chat.rated_at = at_ms
        chat.rating = int(rating)
    return _seen(profile, at_ms)


def _seen(profile: Profile, at_ms: int) -> int:
    if at_ms > profile.chat.last_at:
        profile.chat.last_at = at_ms
    return CHAT
