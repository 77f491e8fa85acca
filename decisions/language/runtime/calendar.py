"""Timestamps as the clock and the calendar of a place show them."""

import re
from datetime import datetime, timedelta, timezone, tzinfo
from functools import cache
from importlib import resources
from typing import Final
from zoneinfo import ZoneInfo

from state.times import EPOCH

_OFFSET: Final = re.compile(r"([+-]?)([0-9]{1,2}):([0-9]{2})")

UTC: Final = "UTC"


class BadZone(ValueError):
    """Not the name of a time zone."""


@cache
def zones() -> tuple[str, ...]:
    """The names of all time zones, such as Europe/Berlin."""
    return tuple(resources.files("tzdata").joinpath("zones").read_text().split())


@cache
def zone(name: str) -> tzinfo:
    """A time zone by its IANA name, or by its distance from UTC such as -05:30.

    Their rules are those of the installed package tzdata, whatever the machine knows: the same
    events lead to the same decisions everywhere. Raises BadZone.
    """
    if offset := _OFFSET.fullmatch(name):
        hours, minutes = int(offset[2]), int(offset[3])
        if hours > 23 or minutes > 59:
            raise BadZone(name)
        distance = timedelta(hours=hours, minutes=minutes)
        return timezone(-distance if offset[1] == "-" else distance)
    if name not in zones():
        raise BadZone(name)
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def local(moment: int, place: str) -> datetime:
    """`moment`, in milliseconds since the epoch, in a time zone. Raises OverflowError before the
    year 1 and after 9999."""
    return (EPOCH + timedelta(milliseconds=moment)).astimezone(zone(place))


def day_of_year(moment: int, place: str) -> int:
    """The day of the year there, the first being 0."""
    day = local(moment, place)
    return day.toordinal() - day.replace(month=1, day=1).toordinal()
