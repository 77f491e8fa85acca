"""Conditions over several operands or items, which absorb errors as CEL does."""

from collections.abc import Callable, Iterable
from typing import Any

from decisions.language.runtime.failures import FAILURES

Test = Callable[[Any], bool]


def exists(items: Iterable[Any], holds: Test) -> bool:
    """Whether one at least holds; an error counts only if none does."""
    failure: BaseException | None = None
    for item in items:
        try:
            if holds(item):
                return True
        except FAILURES as error:
            failure = error
    if failure is not None:
        raise failure
    return False


def every(items: Iterable[Any], holds: Test) -> bool:
    """Whether all hold; an error counts only if none fails to."""
    failure: BaseException | None = None
    for item in items:
        try:
            if not holds(item):
                return False
        except FAILURES as error:
            failure = error
    if failure is not None:
        raise failure
    return True


def exists_one(items: Iterable[Any], holds: Test) -> bool:
    """Whether exactly one holds; an error anywhere is one."""
    return sum(map(holds, items)) == 1


def disjunction(*operands: Callable[[], bool]) -> bool:
    """||: true if any is true, else an error if any ends in one."""
    return exists(operands, _value)


def conjunction(*operands: Callable[[], bool]) -> bool:
    """&&: false if any is false, else an error if any ends in one."""
    return every(operands, _value)


def _value(operand: Callable[[], bool]) -> bool:
    return operand()
