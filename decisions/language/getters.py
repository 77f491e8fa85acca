"""The methods that read a part of a time: its hour, its weekday, ..."""

from collections.abc import Sequence
from typing import Final

from decisions.language.code import Code, build, literal
from decisions.language.errors import ExpressionError, nearest, shown
from decisions.language.grammar.syntax import Call
from decisions.language.kinds import DURATION, DYN, INT, STRING, TIMESTAMP
from decisions.language.runtime.calendar import UTC, BadZone, zone, zones

_OF_A_TIME: Final = {
    "getFullYear": "local(A, B).year",
    "getMonth": "local(A, B).month - 1",
    "getDate": "local(A, B).day",
    "getDayOfMonth": "local(A, B).day - 1",
    "getDayOfWeek": "local(A, B).isoweekday() % 7",
    "getDayOfYear": "day_of_year(A, B)",
    "getHours": "local(A, B).hour",
    "getMinutes": "local(A, B).minute",
    "getSeconds": "local(A, B).second",
}
_UTC: Final = {
    "getDayOfWeek": "(A // 86400000 + 4) % 7",
    "getHours": "A // 3600000 % 24",
    "getMinutes": "A // 60000 % 60",
    "getSeconds": "A // 1000 % 60",
}
"""Those that are plain arithmetic where there is no zone."""

_OF_A_DURATION: Final = {"getHours": 3_600_000, "getMinutes": 60_000, "getSeconds": 1_000}
"""Whole ones in all of it: 90 minutes are 1 hour, 90 minutes and 5,400 seconds."""

GETTERS: Final = tuple(_OF_A_TIME)


def getter(node: Call, target: Code, arguments: Sequence[Code]) -> Code:
    """time.name(), time.name("a zone") or duration.name()."""
    if target.type == DURATION and node.name in _OF_A_DURATION:
        if arguments:
            what = f"{node.name}() of a duration takes no argument"
            raise ExpressionError(what, node.arguments[0].offset, "0", str(len(arguments)))
        unit = _OF_A_DURATION[node.name]
        return build(f"it // {unit} if (it := A) >= 0 else -(-it // {unit})", INT, target)
    if target.type != TIMESTAMP:
        what = f"{node.name}() is about times"
        if target.type == DYN:
            what += ": write timestamp(...) around what the event brings"
        raise ExpressionError(what, node.offset, TIMESTAMP, target.type)
    if len(arguments) > 1:
        what = f"{node.name}() takes a time zone, or nothing"
        raise ExpressionError(what, node.offset, "0 or 1", str(len(arguments)))
    if not arguments and node.name in _UTC:
        return build(_UTC[node.name], INT, target)
    place = _zone(node.arguments[0].offset, arguments[0]) if arguments else UTC
    return build(_OF_A_TIME[node.name], INT, target, literal(place, STRING), errs=True)


def _zone(offset: int, written: Code) -> str:
    name = written.literal
    expected = "a name such as Europe/Berlin, or +05:30"
    if not isinstance(name, str):
        got = written.type if written.type != STRING else "an expression"
        raise ExpressionError("a time zone that is known now", offset, expected, got)
    try:
        zone(name)
    except BadZone:
        near = nearest(name, zones()) if len(name) <= 60 else None
        raise ExpressionError("an unknown time zone", offset, expected, shown(name), near) from None
    return name
