"""The functions that look back at the customer's events: count, sum, since, seen and sequence.

Of each one the profile keeps a Tracker (state.profile), which `decisions.history` writes at every
event and which the templates in `answer` read.

By time alone a count or a sum changes at `windows.next_drop`; `since` grows as `now` does; a
sequence ends a millisecond after `done_at` + within; `seen` stays.
"""

import hashlib
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from decisions.language.canonical import canonical, span
from decisions.language.code import Code, build, constant, literal
from decisions.language.course import Course
from decisions.language.errors import ExpressionError, shown
from decisions.language.event_names import event_names
from decisions.language.grammar.syntax import Call, Literal, Node
from decisions.language.kinds import BOOL, DOUBLE, DURATION, DYN, INT, STRING
from decisions.language.operators import coerced
from decisions.language.timing import steps
from state.profile import Profile
from state.sections import HISTORY, NOW
from state.touchpoint import Touchpoint
from state.windows import DAY_MS, buckets

USAGE: Final = {
    "count": "count(condition, window)",
    "sum": "sum(number, condition, window)",
    "since": "since(condition)",
    "seen": "seen(condition)",
    "sequence": "sequence(condition, condition, within)",
}

HISTORY_FUNCTIONS: Final = tuple(USAGE)

WINDOW_MIN_MS: Final = 1_000
WINDOW_MAX_MS: Final = 366 * DAY_MS

Asked = Callable[[Profile, Touchpoint, int], Any]
"""A compiled piece: raises EvaluationError where it has no value."""


class Remembered(Struct, frozen=True):
    """What a history function needs to be remembered of the customer's events.

    Functions that need the same have the same key, however they are written: `since` and `seen`
    of one condition share it.
    """

    key: bytes
    """The first 8 bytes of BLAKE2b of `source`: under this it is kept in `Profile.history`."""
    source: str
    """The function in its canonical form; of seen(x), that of since(x)."""
    offset: int
    """Where the function's name stands in the expression."""
    event_names: frozenset[str] | None
    """Names of events outside of which nothing fits; None if that does not follow from it."""
    window_ms: int
    """Of count and sum the window, of a sequence the time within; else 0."""
    fits: Code
    then: Code | None = None
    """What must follow, in a sequence."""
    amount: Code | None = None
    """What a sum adds up, a finite double."""


class Tracked(Struct, frozen=True):
    """The same, compiled."""

    key: bytes
    source: str
    event_names: frozenset[str] | None
    window_ms: int
    unit_ms: int
    """Of count and sum, how long a bucket is; 0 for what has no buckets."""
    before: int
    """And how many before the current one are in the window."""
    fits: Asked
    then: Asked | None
    amount: Asked | None


def remembered(node: Call, check: Callable[[Node], Code]) -> Remembered:
    """What `node`, the call of a history function, needs; `check` gives the code of a piece that
    may look at the event only. Raises ExpressionError.
    """
    name, arguments = node.name, node.arguments
    expected = USAGE[name].count(",") + 1
    if len(arguments) != expected:
        what = f"{name}() is written otherwise"
        got = f"{len(arguments)} argument{'s' * (len(arguments) != 1)}"
        raise ExpressionError(what, node.offset, USAGE[name], got)
    amount, then, window_ms = None, None, 0
    conditions = arguments
    if name in ("count", "sum", "sequence"):
        conditions = arguments[:-1]
        window_ms = _window(name, arguments[-1], check)
    if name == "sum":
        amount = _amount(conditions[0], check)
        conditions = conditions[1:]
    fits = _fits(name, conditions[0], check)
    if name == "sequence":
        then = _fits(name, conditions[1], check)
    parts = [canonical(part) for part in (arguments[:-1] if window_ms else arguments)]
    if window_ms:
        parts.append(span(window_ms))
    source = f"{'since' if name == 'seen' else name}({', '.join(parts)})"
    names = [event_names(condition) for condition in conditions]
    known = [found for found in names if found is not None]
    return Remembered(
        key=hashlib.blake2b(source.encode("utf-8", "surrogatepass")).digest()[:8],
        source=source,
        offset=node.offset,
        event_names=frozenset().union(*known) if len(known) == len(names) else None,
        window_ms=window_ms,
        fits=fits,
        then=then,
        amount=amount,
    )


def answer(name: str, found: Remembered) -> tuple[Code, int]:
    """The code of the function, and what it reads (bits of state.sections)."""
    key = Code(STRING, constant(found.key), constant(found.key), errs=False)
    known = "(it := profile.history.get(A)) is not None"
    if name in ("count", "sum"):
        unit_ms, before = (literal(number, INT) for number in buckets(found.window_ms))
        function, kind, none = {
            "count": ("count_since", INT, "0"),
            "sum": ("value_since", DOUBLE, "0.0"),
        }[name]
        template = f"{function}(it.recent, now_ms // B - C) if {known} else {none}"
        drop = f"next_drop(it.recent, now_ms // B - C, B, C) if {known} else 0"
        course = steps(drop, key, unit_ms, before)
        return build(template, kind, key, unit_ms, before, course=course), HISTORY | NOW
    if name == "since":
        template = f"now_ms - it.last_at if {known} else unseen()"
        return build(template, DURATION, key, errs=True, course=Course(slope=1)), HISTORY | NOW
    if name == "seen":
        return build("A in profile.history", BOOL, key), HISTORY
    within = literal(found.window_ms, INT)
    template = f"{known} and 0 < it.done_at >= now_ms - B"
    end = f"it.done_at + B + 1 if {known} and 0 < it.done_at >= now_ms - B else 0"
    course = steps(end, key, within)
    return build(template, BOOL, key, within, course=course), HISTORY | NOW


def _window(name: str, node: Node, check: Callable[[Node], Code]) -> int:
    code = check(node)
    if code.type != DURATION or code.literal is None:
        what = f"{name}() wants its window written out"
        expected = 'a duration such as 12h, 7d or duration("7d")'
        got = code.type if code.type != DURATION else "one that is computed"
        raise ExpressionError(what, node.offset, expected, got)
    window_ms: int = code.literal
    if not WINDOW_MIN_MS <= window_ms <= WINDOW_MAX_MS:
        expected = f"a duration from {span(WINDOW_MIN_MS)} to {span(WINDOW_MAX_MS)}"
        raise ExpressionError("an impossible window", node.offset, expected, _written(node))
    return window_ms


def _written(node: Node) -> str:
    if isinstance(node, Call) and isinstance(node.arguments[0], Literal):
        return shown(str(node.arguments[0].value))
    return shown(canonical(node))


def _fits(name: str, node: Node, check: Callable[[Node], Code]) -> Code:
    code = check(node)
    flag = coerced(code, BOOL)
    if flag is None:
        raise ExpressionError(f"{name}() wants a condition here", node.offset, BOOL, code.type)
    return flag


def _amount(node: Node, check: Callable[[Node], Code]) -> Code:
    code = check(node)
    if code.type not in (INT, DOUBLE, DYN):
        raise ExpressionError("sum() adds up numbers", node.offset, "int or double", code.type)
    template = {INT: "float(A)", DOUBLE: "A", DYN: "number(A)"}[code.type]
    return build(f"finite({template})", DOUBLE, code, errs=True)
