"""Arithmetic and order of numbers as CEL has them: 64-bit ints that overflow, IEEE 754 doubles."""

import math
from typing import Any, Final

from decisions.language.errors import EvaluationError
from decisions.language.runtime.collections import joined_lists
from decisions.language.runtime.failures import mistyped, out_of_range
from decisions.language.runtime.texts import joined_texts

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1


def whole(value: int) -> int:
    """`value`, if an int can be it."""
    return value if INT_MIN <= value <= INT_MAX else out_of_range("int")


def _kind(left: Any, right: Any, *kinds: type) -> type:
    kind = type(left)
    if kind is not type(right) or kind not in kinds:
        mistyped(f"two values of one type of {', '.join(k.__name__ for k in kinds)}", right)
    return kind


def add(left: Any, right: Any) -> Any:
    """+ of two ints, doubles, strings or lists."""
    kind = _kind(left, right, int, float, str, list)
    if kind is str:
        return joined_texts(left, right)
    if kind is list:
        return joined_lists(left, right)
    return whole(left + right) if kind is int else left + right


def subtract(left: Any, right: Any) -> Any:
    """- of two ints or doubles."""
    kind = _kind(left, right, int, float)
    return whole(left - right) if kind is int else left - right


def multiply(left: Any, right: Any) -> Any:
    """* of two ints or doubles."""
    kind = _kind(left, right, int, float)
    return whole(left * right) if kind is int else left * right


def divide(left: Any, right: Any) -> Any:
    """/ of two ints, towards zero, or of two doubles, where by zero is an infinity or a NaN."""
    if _kind(left, right, int, float) is int:
        if right == 0:
            raise EvaluationError("division by zero")
        quotient = abs(left) // abs(right)
        return whole(quotient if (left < 0) == (right < 0) else -quotient)
    if right:
        return left / right
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def modulo(left: Any, right: Any) -> int:
    """% of two ints, with the sign of the left one."""
    _kind(left, right, int)
    return int(left - right * divide(left, right))


def negate(value: Any) -> Any:
    """- of an int or a double."""
    if value.__class__ is float:
        return -value
    return whole(-value) if value.__class__ is int else mistyped("a number", value)


def number(value: Any) -> float:
    """An int or a double, as a double."""
    return float(value) if value.__class__ in (int, float) else mistyped("a number", value)


def less(left: Any, right: Any) -> bool:
    """<: numbers with numbers, strings with strings, bools with bools."""
    _order(left, right)
    return bool(left < right)


def at_most(left: Any, right: Any) -> bool:
    """<=, of the same."""
    _order(left, right)
    return bool(left <= right)


def _order(left: Any, right: Any) -> None:
    # What Python would order though CEL does not; the rest Python refuses, too.
    if (left.__class__ is bool) != (right.__class__ is bool) or left.__class__ is list:
        mistyped("two values that have an order", right)
