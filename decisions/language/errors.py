"""What can be wrong: with an expression, or with the data it meets."""

import difflib
from collections.abc import Collection


class ExpressionError(ValueError):
    """An expression cannot be compiled.

    `message` says what is wrong and `offset` where: the 0-based position in the source, in
    characters, of the offending token. `expected`, `got` and, where one comes close, `nearest` (a
    valid name) say the rest; `str(error)` says it all.
    """

    def __init__(
        self, message: str, offset: int, expected: str, got: str, nearest: str | None = None
    ) -> None:
        self.message = message
        self.offset = offset
        self.expected = expected
        self.got = got
        self.nearest = nearest
        hint = f'; did you mean "{nearest}"?' if nearest else ""
        super().__init__(f"at {offset}: {message}; expected {expected}, got {got}{hint}")


class EvaluationError(Exception):
    """An expression has no value for these data: a key is missing, a type wrong, an int too large.

    A condition that ends so counts as false.
    """


def nearest(written: str, names: Collection[str]) -> str | None:
    """The name that `written` was most likely meant to be."""
    close = difflib.get_close_matches(written, names, n=1)
    return close[0] if close else None


def shown(text: str) -> str:
    """`text`, shortened to be part of a message."""
    return text if len(text) <= 60 else f"{text[:57]}..."
