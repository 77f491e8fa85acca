"""Moments, numbers and foreign text as people read them on a terminal; the same in each command."""

import re

from state.times import rfc3339

SPANS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def printable(text: str) -> str:
    """`text` with a question mark for what could move the cursor or end a line: it came from
    outside."""
    return CONTROL.sub("?", text)


def ago(ms: int, now_ms: int) -> str:
    """`3 min ago`; `in 3 min` for what a wrong clock has put into the future."""
    if not ms:
        return "never"
    told = span(abs(now_ms - ms))
    if told is None:
        return "now"
    return f"{told} ago" if now_ms > ms else f"in {told}"


def span(ms: int) -> str | None:
    """`3 min`, in the largest unit that fits; None below a second."""
    for length_s, unit in SPANS:
        if ms // 1_000 >= length_s:
            return f"{ms // 1_000 // length_s} {unit}"
    return None


def minute(ms: int) -> str:
    """`2026-01-31 12:00`, UTC."""
    return rfc3339(ms)[:16].replace("T", " ") if ms else "never"


def moment(ms: int, now_ms: int) -> str:
    """`12:00:05`, UTC; the day stands before it unless it is that of `now_ms`."""
    text = rfc3339(ms)[:19].replace("T", " ")
    return text[11:] if text[:10] == rfc3339(now_ms)[:10] else text


def number(value: float) -> str:
    """`1,426.89`; whole numbers without decimals."""
    return f"{value:,.2f}".removesuffix(".00")


def count(amount: int, word: str) -> str:
    """`1 visit`, `2 visits`."""
    return f"{amount:,} {word}" if amount == 1 else f"{amount:,} {word}s"
