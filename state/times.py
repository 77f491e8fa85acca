"""Times in public records: RFC 3339 text, in UTC, with milliseconds."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def rfc3339(ms: int) -> str:
    """`ms` since the epoch as text: 1767225600000 → "2026-01-01T00:00:00.000Z".

    Raises OverflowError outside the years 1 to 9999.
    """
    return _second(ms // 1000) + _MILLISECONDS[ms % 1000]


def milliseconds(moment: datetime) -> int:
    """Since the epoch, those that are over: the way back from what `rfc3339` writes."""
    return (moment - EPOCH) // MILLISECOND


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    """Events come close together in time, and a second's text costs twenty times a lookup."""
    moment = EPOCH + timedelta(seconds=seconds)
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


_MILLISECONDS = tuple(f".{ms:03d}Z" for ms in range(1000))


def earliest(one_ms: int, other_ms: int) -> int:
    """The earlier of two instants, where 0 = never."""
    if not one_ms or not other_ms:
        return one_ms or other_ms
    return min(one_ms, other_ms)
