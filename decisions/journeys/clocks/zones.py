"""Time zones by their IANA names, from the package tzdata.

The machine's own zones are not looked at: the package is pinned, so equal code gives equal answers
wherever it runs. All of it is read when a playbook with local times is loaded (346 KB, some 30 ms),
so that no decision reads a file, whatever zone a customer turns out to live in.
"""

from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from io import BytesIO
from zoneinfo import ZoneInfo

from state.times import EPOCH, MILLISECOND

DAY_MS = 86_400_000


@cache
def zones() -> dict[str, ZoneInfo]:
    """All zones there are, by name; read once."""
    package = files("tzdata")
    data = package / "zoneinfo"
    return {
        name: ZoneInfo.from_file(BytesIO((data / name).read_bytes()), key=name)
        for name in (package / "zones").read_text().split()
    }


def wall(zone: ZoneInfo, at_ms: int) -> datetime:
    """What clocks there show at `at_ms`, as a naive time; `fold` says which of two that it is."""
    return (EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone).replace(tzinfo=None)


def offset_ms(zone: ZoneInfo, at_ms: int) -> int:
    """How far clocks there are ahead of UTC at `at_ms`."""
    offset = (EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone).utcoffset()
    assert offset is not None, "zones have offsets"
    return offset // MILLISECOND


def change_after(zone: ZoneInfo, from_ms: int, to_ms: int) -> int:
    """The first instant after `from_ms`, and not after `to_ms`, at which clocks there have been
    changed; 0 = none. Two changes that cancel each other in between are not found: none are less
    than some weeks apart, and this is asked for two days at most."""
    before = offset_ms(zone, from_ms)
    if offset_ms(zone, to_ms) == before:
        return 0
    low, high = from_ms, to_ms
    while high - low > 1:
        middle = (low + high) // 2
        if offset_ms(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high
