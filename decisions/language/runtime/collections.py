"""Lists and maps, and equality, which looks into them."""

import math
from collections.abc import Callable
from typing import Any, Final

from decisions.language.errors import EvaluationError
from decisions.language.runtime.failures import mistyped, out_of_range
from decisions.language.runtime.logic import Test

MAX_ELEMENTS: Final = 1_000
"""Of a list or map that is gone through, so that no event can make a condition slow."""

MAX_INNER: Final = 100
"""The same, for a macro inside another one."""


MAX_JOINED: Final = 10_000
"""Items of a list that is put together, and values in what an expression gives: a chain of macros
could double them at every step."""


def joined_lists(left: list[Any], right: list[Any]) -> list[Any]:
    """One after the other."""
    if len(left) + len(right) > MAX_JOINED:
        raise EvaluationError(f"more than {MAX_JOINED:,} elements")
    return left + right


def elements(value: Any, most: int) -> list[Any]:
    """What a macro goes through: a list's items or a map's keys, at most `most`."""
    if value.__class__ is not list and value.__class__ is not dict:
        mistyped("a list or a map", value)
    if len(value) > most:
        raise EvaluationError(f"more than {most:,} elements")
    return list(value)


def filtered(items: list[Any], holds: Test) -> list[Any]:
    """Those that hold."""
    return [item for item in items if holds(item)]


def mapped(items: list[Any], of: Callable[[Any], Any]) -> list[Any]:
    """What becomes of each."""
    return [of(item) for item in items]


def equal(left: Any, right: Any) -> bool:
    """CEL's ==: numbers by value, whatever their type; true is not 1; a NaN equals nothing.

    Looks at MAX_ELEMENTS pairs at most; beyond that it is an error.
    """
    pairs = [(left, right)]
    for _ in range(MAX_ELEMENTS + 1):
        if not pairs:
            return True
        a, b = pairs.pop()
        if a.__class__ is list and b.__class__ is list:
            if len(a) != len(b):
                return False
            pairs += zip(a, b, strict=True)
        elif a.__class__ is dict and b.__class__ is dict:
            if a.keys() != b.keys():
                return False
            pairs += [(value, b[key]) for key, value in a.items()]
        elif (a.__class__ is bool) != (b.__class__ is bool) or a != b:
            return False
    raise EvaluationError(f"more than {MAX_ELEMENTS:,} elements")


def contains(item: Any, container: Any) -> bool:
    """CEL's `in`: among a list's items or a map's keys."""
    if container.__class__ is dict:
        if item is None or item.__class__ in (list, dict):
            mistyped("a key", item)
        return item.__class__ is str and item in container
    return any(equal(item, element) for element in elements(container, MAX_ELEMENTS))


def has(container: Any, key: str) -> bool:
    """Whether a map has a key."""
    if container.__class__ is not dict:
        mistyped("a map", container)
    return key in container


def index(container: Any, key: Any) -> Any:
    """An item of a list or map; a list takes a double that is whole, too, as CEL's do."""
    if container.__class__ is list:
        if key.__class__ is float and key.is_integer():
            key = int(key)
        if key.__class__ is not int:
            mistyped("an int", key)
        if not 0 <= key < len(container):
            raise EvaluationError(f"no item {key} in a list of {len(container)}")
        return container[key]
    if container.__class__ is not dict:
        mistyped("a list or a map", container)
    if key.__class__ is not str:
        mistyped("a string", key)
    return container[key]


def size(value: Any) -> int:
    """Characters of a text, items of a list, keys of a map."""
    if value.__class__ not in (str, list, dict):
        mistyped("a string, a list or a map", value)
    return len(value)


def finite(value: float) -> float:
    """A double that JSON has."""
    return value if math.isfinite(value) else out_of_range("double")


def plain(value: Any) -> Any:
    """A value, looked through for doubles that JSON has not; of MAX_JOINED parts at most."""
    parts = [value]
    for _ in range(MAX_JOINED + 1):
        if not parts:
            return value
        part = parts.pop()
        if part.__class__ is float:
            finite(part)
        elif part.__class__ is list:
            parts += part
        elif part.__class__ is dict:
            parts += part.values()
    raise EvaluationError(f"more than {MAX_JOINED:,} elements")
