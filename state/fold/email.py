"""Engagement with e-mail (Segment's e-mail specification), independent of the order of events.

A mail counts as sent when `Email Delivered` says so; `Email Sent` is no part of the specification
and counts likewise, for producers that know no more: one of the two, not both.
"""

from state.fold.reading import Properties
from state.profile import Email, Profile
from state.sections import EMAIL, SUBSCRIPTION


def sent(profile: Profile, _: Properties, at_ms: int) -> int:
    """Email Delivered, Email Sent."""
    email = profile.email
    email.sent += 1
    if at_ms > email.last_sent_at:
        email.last_sent_at = at_ms
    return EMAIL


def opened(profile: Profile, _: Properties, at_ms: int) -> int:
    """Email Opened."""
    email = profile.email
    email.opened += 1
    if at_ms > email.last_opened_at:
        email.last_opened_at = at_ms
    return EMAIL


def clicked(profile: Profile, _: Properties, at_ms: int) -> int:
    """Email Link Clicked."""
    email = profile.email
    email.clicked += 1
    if at_ms > email.last_clicked_at:
        email.last_clicked_at = at_ms
    return EMAIL


def bounced(profile: Profile, _: Properties, __: int) -> int:
    """Email Bounced."""
    profile.email.bounced += 1
    return EMAIL


def unsubscribed(profile: Profile, _: Properties, at_ms: int) -> int:
    """Unsubscribed, Email Marked as Spam; beats a subscription of the same instant."""
    email = profile.email
    if at_ms < email.subscription_at:
        return EMAIL
    email.subscription_at = at_ms
    return _changed(email, unsubscribed=True)


def subscribed(profile: Profile, _: Properties, at_ms: int) -> int:
    """Subscribed."""
    email = profile.email
    if at_ms <= email.subscription_at:
        return EMAIL
    email.subscription_at = at_ms
    return _changed(email, unsubscribed=False)


def _changed(email: Email, *, unsubscribed: bool) -> int:
    if email.unsubscribed is unsubscribed:
        return EMAIL
    email.unsubscribed = unsubscribed
    return EMAIL | SUBSCRIPTION
