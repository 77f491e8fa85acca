"""What becomes of texts. None grows beyond MAX_TEXT, so that no chain of calls can."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import re2  # type: ignore[import-untyped]  # its wheel lacks py.typed

from decisions.language.errors import EvaluationError
from decisions.language.runtime.collections import MAX_ELEMENTS
from decisions.language.runtime.failures import mistyped, out_of_range

MAX_TEXT: Final = 100_000
"""Characters of a text that is put together; an event has 32 KB."""

MAX_PROGRAM: Final = 3_000
"""Instructions of a compiled pattern. A search takes at most this many steps for a byte of text."""

PATTERN_MEMORY: Final = 1 << 19
"""Bytes that RE2 may take for one pattern; beyond it searches are slower, and as right."""

SPACES: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""Unicode's White_Space. Python's strip() takes more for it."""

_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER: Final = {code + 32: code for code in _LOWER}


class BadPattern(ValueError):
    """Not a pattern of RE2's, or too large a one; the text says which."""


@cache
def pattern(source: str) -> Any:
    """The compiled pattern, kept for good: only patterns of a playbook are ever asked for.

    Raises BadPattern.
    """
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = PATTERN_MEMORY
    try:
        compiled = re2.compile(source, options)
    except re2.error as error:
        said = error.args[0]
        raise BadPattern(
            said.decode(errors="replace") if isinstance(said, bytes) else said
        ) from None
    if compiled.programsize > MAX_PROGRAM:
        raise BadPattern("it repeats too much")
    return compiled


def matches(text: str, source: str) -> bool:
    """Whether the pattern is found anywhere in the text, in time linear in the text."""
    return pattern(source).search(text.encode("utf-8", "replace")) is not None


def lower_ascii(text: str) -> str:
    """A to Z as a to z; all else stays."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def upper_ascii(text: str) -> str:
    """The other way round."""
    return text.upper() if text.isascii() else text.translate(_UPPER)


def joined_texts(left: str, right: str) -> str:
    """One after the other."""
    if len(left) + len(right) > MAX_TEXT:
        out_of_range("string")
    return left + right


def replaced(text: str, old: str, new: str) -> str:
    """With `new` for each `old`."""
    if len(text) + text.count(old) * (len(new) - len(old)) > MAX_TEXT:
        out_of_range("string")
    return text.replace(old, new)


def substring(text: str, start: int, end: int | None = None) -> str:
    """The characters from `start`, the first being 0, to before `end`."""
    last = len(text) if end is None else end
    if not 0 <= start <= last <= len(text):
        raise EvaluationError(f"no characters {start} to {last} in a text of {len(text)}")
    return text[start:last]


def index_of(text: str, part: str, start: int = 0) -> int:
    """Where `part` first begins, from `start` on; -1 where it does not."""
    if not 0 <= start <= len(text):
        raise EvaluationError(f"no character {start} in a text of {len(text)}")
    return text.find(part, start)


def split(text: str, separator: str, most: int = -1) -> list[str]:
    """The texts between separators, into at most `most` of them unless that is below zero."""
    if most == 0:
        return []
    parts = text.count(separator) + 1 if separator else len(text)
    if (parts if most < 0 else min(parts, most)) > MAX_ELEMENTS:
        raise EvaluationError(f"more than {MAX_ELEMENTS:,} elements")
    if separator:
        return text.split(separator, most - 1 if most > 0 else -1)
    if 0 < most < len(text):
        return [*text[: most - 1], text[most - 1 :]]
    return list(text) or [""]


def join(items: Sequence[Any], separator: str = "") -> str:
    """All of them as one text."""
    if items.__class__ is not list:
        mistyped("a list", items)
    if len(items) > MAX_ELEMENTS:
        raise EvaluationError(f"more than {MAX_ELEMENTS:,} elements")
    for item in items:
        if item.__class__ is not str:
            mistyped("a string", item)
    if sum(map(len, items)) + len(separator) * len(items) > MAX_TEXT:
        out_of_range("string")
    return separator.join(items)
