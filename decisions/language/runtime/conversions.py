"""Conversions of values whose type is known only at run time, and of times to text."""

import math
import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from decisions.language.runtime.failures import mistyped, out_of_range
from decisions.language.runtime.numbers import INT_MAX, INT_MIN, whole
from state.times import EPOCH, rfc3339

TIMESTAMP_MIN: Final = -62_135_596_800_000
"""Year 1, in milliseconds since the epoch."""

TIMESTAMP_MAX: Final = 253_402_300_799_999
"""The last of year 9999."""

DURATION_MAX: Final = 315_576_000_000_000
"""10,000 years, in milliseconds; CEL's bound."""

FORMS: Final = {
    "bool": "true or false",
    "string": "a text, a number or a flag",
    "int": "a whole number of 64 bits",
    "double": "a decimal number",
    "timestamp": "a time such as 2026-11-27T08:00:00Z",
    "duration": "a duration such as 90s, 1h30m or 30d, in whole milliseconds",
}
"""Type → what a text must be to be converted to it."""

_UNIT_MS: Final = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_PART: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})(ms|[dhms])")
_MOMENT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})"
)


_FLAGS: Final = dict.fromkeys(("true", "True", "TRUE", "t", "1"), True) | dict.fromkeys(
    ("false", "False", "FALSE", "f", "0"), False
)


def to_bool(value: Any) -> bool:
    """Of a string that says true or false."""
    if value.__class__ is str and value in _FLAGS:
        return _FLAGS[value]
    return value if value.__class__ is bool else mistyped(FORMS["bool"], value)


def to_string(value: Any) -> str:
    """Of an int, a double or a bool, as CEL writes them."""
    if value.__class__ is float:
        return _double_text(value)
    if value.__class__ is bool:
        return "true" if value else "false"
    if value.__class__ is int:
        return str(value)
    return value if value.__class__ is str else mistyped(FORMS["string"], value)


def _double_text(value: float) -> str:
    """The fewest digits that say it, with an exponent from a million on and below 0.0001."""
    if not math.isfinite(value):
        return str(value)
    number = Decimal(repr(value)).normalize()
    if -4 <= number.adjusted() < 6 or not number:
        return f"{number:f}"
    mantissa, _, exponent = f"{number:e}".partition("e")
    return f"{mantissa}e{exponent[0]}{exponent[1:]:0>2}"


def timestamp_text(moment: int) -> str:
    """RFC 3339 in UTC, with milliseconds where there are any."""
    text = rfc3339(moment)
    return text if moment % 1000 else text.replace(".000Z", "Z")


def duration_text(duration: int) -> str:
    """Seconds, with milliseconds where there are any: 5400s, -1.500s."""
    sign = "-" if duration < 0 else ""
    seconds, rest = divmod(abs(duration), 1000)
    return f"{sign}{seconds}.{rest:03d}s" if rest else f"{sign}{seconds}s"


def to_int(value: Any) -> int:
    """Of a double, cut towards zero; of a string of digits."""
    if value.__class__ is float:
        return int(value) if INT_MIN < value < INT_MAX else out_of_range("int")
    if value.__class__ is str:
        if not re.fullmatch(r"[+-]?[0-9]{1,30}", value):
            mistyped(FORMS["int"], value)
        return whole(int(value))
    return value if value.__class__ is int else mistyped(FORMS["int"], value)


def to_double(value: Any) -> float:
    """Of an int; of a string that is a decimal number."""
    if value.__class__ is str:
        if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", value):
            mistyped(FORMS["double"], value)
        return float(value)
    return float(value) if value.__class__ in (int, float) else mistyped(FORMS["double"], value)


def to_timestamp(value: Any) -> int:
    """Milliseconds since the epoch, of RFC 3339 text (cut to milliseconds) or of whole seconds."""
    if value.__class__ is int:
        moment = value * 1_000
    elif value.__class__ is str:
        moment = _moment(value.upper())
    else:
        mistyped(FORMS["timestamp"], value)
    return moment if TIMESTAMP_MIN <= moment <= TIMESTAMP_MAX else out_of_range("timestamp")


def _moment(text: str) -> int:
    match = _MOMENT.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        since = datetime.fromisoformat(match[1] + match[3]) - EPOCH
    except ValueError:
        mistyped(FORMS["timestamp"], text)
    return since // timedelta(milliseconds=1) + int((match[2] or "").ljust(3, "0")[:3])


def to_duration(value: Any) -> int:
    """Milliseconds, of text such as 90s, 1h30m, -0.5h or 250ms; 1d is 24 hours."""
    if value.__class__ is not str:
        mistyped(FORMS["duration"], value)
    text = value[1:] if value[:1] in ("-", "+") else value
    total = Decimal(0)
    at = 0
    while match := _PART.match(text, at):
        total += Decimal(match[1]) * _UNIT_MS[match[2]]
        at = match.end()
    if text != "0" and (at < len(text) or not text or total % 1):
        mistyped(FORMS["duration"], value)
    if total > DURATION_MAX:
        out_of_range("duration")
    return -int(total) if value[0] == "-" else int(total)
