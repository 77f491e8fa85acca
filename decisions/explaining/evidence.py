"""What speaks for a condition and against it: its parts, with the values of what they read."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from decisions.language import (
    EvaluationError,
    ExpressionError,
    Scope,
    compile_condition,
    compile_value,
)
from decisions.language.parts import conjuncts, fields_read
from decisions.playbook import NOTHING, Playbook
from state.profile import Profile
from state.touchpoint import Touchpoint

MEMBER: Final = re.compile(r'(?:in_segment\()?["\'](\w+)["\'](?: in segments|\))')
"""A condition that a segment's own explains."""


class Evidence:
    """Of one customer at one instant; changes nothing."""

    def __init__(self, profile: Profile, playbook: Playbook, now_ms: int) -> None:
        self._profile = profile
        self._playbook = playbook
        self._now_ms = now_ms

    def against(self, source: str, event: Touchpoint | None = None) -> Iterator[tuple[str, str]]:
        """Each part of a condition that is not true, as (what is said of it, the segment that it
        looks for or "")."""
        for part in conjuncts(source):
            answer = self._answer(part, event)
            if answer != "true":
                named = MEMBER.fullmatch(part)
                told = f"{line(part)} is {answer}{self._values(part, event)}"
                yield told, named[1] if named else ""

    def why_not(self, source: str) -> Iterator[str]:
        """The same in words; a segment is followed by what keeps the customer out of it."""
        for told, segment in self.against(source):
            yield told
            if segment:
                yield from self.why_not(self._playbook.segments[segment].when.source)

    def of(self, source: str) -> str:
        """That a condition is true, with its values."""
        return f"{line(source)} is true{self._values(source, None)}"

    def value(self, source: str) -> str:
        """An expression, and what it is now."""
        try:
            found = compile_value(source, self._scope(None))(self._profile, NOTHING, self._now_ms)
        except EvaluationError as error:
            return f"{line(source)} is an error ({error}){self._values(source, None)}"
        return f"{line(source)} is {json.dumps(found)}{self._values(source, None)}"

    def _answer(self, source: str, event: Touchpoint | None) -> str:
        condition = compile_condition(source, self._scope(event))
        try:
            true = condition(self._profile, event or NOTHING, self._now_ms)
        except EvaluationError as error:
            return f"an error ({error})"
        return "true" if true else "false"

    def _values(self, source: str, event: Touchpoint | None) -> str:
        values = []
        for field in fields_read(source):
            try:
                value = compile_value(field, self._scope(event))
                found: Any = value(self._profile, event or NOTHING, self._now_ms)
            except (ExpressionError, EvaluationError):
                continue  # a collection, or nothing there: no value to be shown
            values.append(f"{line(field)} = {json.dumps(found, ensure_ascii=False)}")
        return f": {', '.join(values)}" if values else ""

    def _scope(self, event: Touchpoint | None) -> Scope:
        book = self._playbook
        return Scope(traits=book.traits, segments=book.segments, event=event is not None)


def line(source: str) -> str:
    """An expression on one line."""
    return " ".join(source.split())
