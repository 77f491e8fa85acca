"""`--fix`: a jq program that mends an event before it is written again.

jq, because it is what everybody knows for this. Numbers that the program leaves alone keep their
digits; keys that come twice do not.
"""

import importlib
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import orjson

from flows.commands.dlq.left import Left, LeftBehind

MANY: Final = 2
"""Results that are asked for: one more than is right, since a program may have results for ever."""


NO_ENV: Final = "{} as $ENV | def env: {}; "
"""Hides the environment, which may hold passwords: they would go into events, or into messages."""


class BadProgram(ValueError):
    """It is no jq program; the text is jq's."""


class Fix:
    """A jq program."""

    def __init__(self, program: str) -> None:
        """Raises BadProgram."""
        jq: Any = importlib.import_module("jq")  # only who mends something waits for it
        try:
            jq.compile(program)  # alone, so that what it says of a place is right
            # On a line of its own, as the program may end in a comment. As text of jq's, since
            # Python gets numbers as doubles.
            self._program = jq.compile(f"limit({MANY}; ({NO_ENV}({program}\n))) | tojson")
        except ValueError as error:
            raise BadProgram(str(error)) from None

    def apply(self, value: bytes | None) -> bytes:
        """The mended value; the program gets `null` where there was none. Raises LeftBehind."""
        before = _read(value) if value else None
        try:
            with _interruptible():
                texts = self._program.input_text(value.decode() if value else "null").all()
        except ValueError as error:
            raise LeftBehind(Left.PROGRAM, str(error)) from None
        if len(texts) != 1:
            came = "no result" if not texts else "more than one result"
            raise LeftBehind(Left.NO_OBJECT, f"the program gave {came}")
        mended: bytes = texts[0].encode()
        if not mended.startswith(b"{"):
            raise LeftBehind(Left.NO_OBJECT, "the program gave something else")
        _same_id(before, _read(mended))
        return mended


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C ends the process inside: a program that goes on for ever never comes back to Python,
    where it would be noticed. What was being written is done again by the next replay."""
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _read(value: bytes) -> Any:
    try:
        return orjson.loads(value)
    except ValueError as error:
        raise LeftBehind(Left.NO_JSON, str(error)) from None


def _same_id(before: Any, after: dict[str, Any]) -> None:
    """By its message id an event is known again: with another one it would count twice."""
    had = before.get("messageId") if isinstance(before, dict) else None
    if isinstance(had, str) and had and after.get("messageId") != had:
        raise LeftBehind(Left.OTHER_ID)
