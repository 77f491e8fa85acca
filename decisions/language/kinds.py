"""The types of the language, by their CEL names.

At run time they are Python's: bool, int (64 bit), float, str, None, list, dict with str keys. A
timestamp is an int of milliseconds since the epoch, UTC; a duration is an int of milliseconds.
`dyn` is any JSON value, found out at run time. Timestamps and durations would be plain numbers
there, so they never become `dyn`.
"""

from typing import Final

BOOL: Final = "bool"
INT: Final = "int"
DOUBLE: Final = "double"
STRING: Final = "string"
NULL: Final = "null_type"
TIMESTAMP: Final = "timestamp"
DURATION: Final = "duration"
DYN: Final = "dyn"
PROPERTIES: Final = "map(string, dyn)"
EMPTY: Final = "list()"
"""The type of [], which can be a list of anything."""

EXACT: Final = frozenset({BOOL, INT, STRING, NULL, TIMESTAMP, DURATION})
"""Types whose values Python's == compares as CEL does, inside a list, too (a NaN would differ)."""

ORDERED: Final = frozenset({BOOL, INT, DOUBLE, STRING, TIMESTAMP, DURATION})


def list_of(element: str) -> str:
    """The type of a list of `element`."""
    return f"list({element})"


def is_list(kind: str) -> bool:
    """Whether `kind` is some list(T)."""
    return kind.startswith("list(")


def is_map(kind: str) -> bool:
    """Whether `kind` is some map(string, T)."""
    return kind.startswith("map(")


def element_of(kind: str) -> str:
    """What a macro's variable is: T of list(T), the keys of a map; of dyn, dyn."""
    if is_list(kind):
        return kind[len("list(") : -1] or DYN
    return STRING if is_map(kind) else DYN


def has_time(kind: str) -> bool:
    """Whether a timestamp or duration is in it."""
    return TIMESTAMP in kind or DURATION in kind


def compatible(left: str, right: str) -> bool:
    """Whether values of the two types may be equal, or stand in one list."""
    if left == right:
        return True
    if DYN in (left, right):
        return not has_time(left) and not has_time(right)
    if is_list(left) and is_list(right):
        return EMPTY in (left, right) or compatible(element_of(left), element_of(right))
    return False


def joined(left: str, right: str) -> str:
    """The type of what is one or the other, given that they are compatible."""
    if left == right:
        return left
    if is_list(left) and is_list(right):
        if EMPTY in (left, right):
            return left if right == EMPTY else right
        return list_of(joined(element_of(left), element_of(right)))
    return DYN
