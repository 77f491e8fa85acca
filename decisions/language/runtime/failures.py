"""How an evaluation ends without a value."""

from typing import Any, Final, NoReturn

from decisions.language.errors import EvaluationError, shown

FAILURES: Final = (EvaluationError, KeyError, TypeError, OverflowError)
"""What generated code can raise: Python's own errors spare a check where they say the same."""


def described(failure: BaseException) -> EvaluationError:
    """The error that the caller of a condition sees."""
    if isinstance(failure, EvaluationError):
        return failure
    if isinstance(failure, KeyError):
        return EvaluationError(f"no key {failure}")
    if isinstance(failure, TypeError):
        return EvaluationError("values of types that do not go together")
    return EvaluationError(str(failure))


def mistyped(expected: str, value: Any) -> NoReturn:
    """A value is not of the type that it must have."""
    got = repr(value) if isinstance(value, str) else type(value).__name__
    raise EvaluationError(f"expected {expected}, got {shown(got)}")


def unseen() -> NoReturn:
    """There was no event of the kind that is asked for."""
    raise EvaluationError("there has been no such event")


def out_of_range(kind: str) -> NoReturn:
    """A result does not fit its type."""
    raise EvaluationError(f"{kind} out of range")
