"""Numbers, durations, times and lists in words."""

import json
from collections.abc import Sequence
from typing import Final

from state.times import rfc3339

UNITS: Final = (
    ("day", 86_400_000),
    ("hour", 3_600_000),
    ("minute", 60_000),
    ("second", 1_000),
    ("millisecond", 1),
)


def span(ms: int) -> str:
    """A duration, exactly: 5400000 → 1 hour 30 minutes."""
    if ms < 0:
        return f"minus {span(-ms)}"
    parts = []
    for unit, size in UNITS:
        if ms >= size:
            parts.append(counted(ms // size, unit))
            ms %= size
    return " ".join(parts) or "no time"


def counted(number: int, word: str) -> str:
    """1 day, 2 days."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 11th."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}th" if number % 100 in (11, 12, 13) else f"{number}{ending}"


def number(value: int | float) -> str:
    """2000.0 → 2,000; 0.5 → 0.5."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.15g}"


def moment(ms: int) -> str:
    """2026-11-27 08:00 UTC; seconds and less only where there are some."""
    day, _, time = rfc3339(ms).removesuffix("Z").partition("T")
    time = time.removesuffix(".000")
    return f"{day} {time.removesuffix(':00') if len(time) == 8 else time} UTC"


def time_of_day(ms: int) -> str:
    """Milliseconds since midnight: 08:00."""
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}"


def quoted(text: str) -> str:
    """A text in quotes, on one line."""
    return json.dumps(text, ensure_ascii=False)


def listed(words: Sequence[str], last: str = "and") -> str:
    """a, b and c."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
