"""Visits to kiosks, independent of the order of events."""

from state.fold.interests import ORDERED, SCANNED, interest
from state.fold.orders import place
from state.fold.reading import Properties, amount
from state.profile import Profile
from state.sections import KIOSK, ORDERS


def started(profile: Profile, properties: Properties, at_ms: int) -> int:
    """Kiosk Session Started: a visit."""
    profile.kiosk.visits += 1
    return seen(profile, properties, at_ms)


def scanned(profile: Profile, properties: Properties, at_ms: int) -> int:
    """Kiosk Item Scanned: interest in its category."""
    return seen(profile, properties, at_ms) | interest(profile, properties, at_ms, SCANNED)


def completed(profile: Profile, properties: Properties, at_ms: int) -> int:
    """Kiosk Transaction Completed: an order too, if it says its amount; the web cart stays."""
    profile.kiosk.transactions += 1
    bits = seen(profile, properties, at_ms) | interest(profile, properties, at_ms, ORDERED)
    value = amount(properties)
    if value is None:
        return bits
    place(profile, value, at_ms)
    return bits | ORDERS


def failed(profile: Profile, properties: Properties, at_ms: int) -> int:
    """Kiosk Transaction Failed."""
    kiosk = profile.kiosk
    kiosk.failures += 1
    if at_ms > kiosk.last_failure_at:
        kiosk.last_failure_at = at_ms
    return seen(profile, properties, at_ms)


def seen(profile: Profile, _: Properties, at_ms: int) -> int:
    """Any event at a kiosk, Kiosk Session Ended among them."""
    if at_ms > profile.kiosk.last_visit_at:
        profile.kiosk.last_visit_at = at_ms
    return KIOSK
