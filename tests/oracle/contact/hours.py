"""Quiet hours, by the time of day where the customer is."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tests.oracle.contact.terms import Quiet

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE_MS = 60_000
DAY_MINUTES = 24 * 60


def is_quiet(quiet: Quiet, zone: str | None, at_ms: int) -> bool:
    """Whether it is quiet at that instant for a customer of that zone."""
    local = (EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone_of(quiet, zone))
    since_midnight = local.hour * 60 + local.minute
    begins, ends = minutes(quiet.begins), minutes(quiet.ends)
    return (since_midnight - begins) % DAY_MINUTES < (ends - begins) % DAY_MINUTES


def first_quiet(quiet: Quiet, zone: str | None, from_ms: int, to_ms: int) -> int | None:
    """The first instant of [from, to) at which it is quiet; None where there is none. What begins
    or ends does so at a whole minute."""
    at_ms = from_ms
    while at_ms < to_ms:
        if is_quiet(quiet, zone, at_ms):
            return at_ms
        at_ms += MINUTE_MS - at_ms % MINUTE_MS
    return None


def zone_of(quiet: Quiet, zone: str | None) -> ZoneInfo:
    """The customer's zone; the playbook's where it has no such name."""
    try:
        return ZoneInfo(zone or quiet.otherwise)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(quiet.otherwise)


def minutes(time_of_day: str) -> int:
    """Since midnight, of 22:30."""
    hours, _, rest = time_of_day.partition(":")
    return int(hours) * 60 + int(rest)
