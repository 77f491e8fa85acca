"""An action as a playbook says it: what each field of its body is made of."""

import json
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from decisions.actions.routes import Row
from decisions.language import BOOL, DOUBLE, INT, STRING, EvaluationError, Value
from decisions.templates import Template, render, shortened
from state.profile import Profile
from state.touchpoint import Touchpoint

MAX_VALUE_CHARACTERS = 4_000
"""Of one value, as JSON; a longer one counts as an error. So an action fits into a record."""
TYPES: dict[str, tuple[type, ...]] = {
    STRING: (str,),
    DOUBLE: (float, int),
    INT: (int,),
    BOOL: (bool,),
}


class Constant(Struct, frozen=True):
    """The same always."""

    value: Any

    def made(self, profile: Profile, touchpoint: Touchpoint, now_ms: int) -> tuple[Any, int]:
        """It, and no error."""
        return self.value, 0


class Said(Struct, frozen=True):
    """A text."""

    template: Template
    write: Callable[[str], str] = shortened

    def made(self, profile: Profile, touchpoint: Touchpoint, now_ms: int) -> tuple[Any, int]:
        """The text, and how many of its placeholders ended in an error."""
        return render(self.template, profile, touchpoint, now_ms, self.write)


class Asked(Struct, frozen=True):
    """An expression's value: of a type, where that is said."""

    value: Value
    type: str = ""

    def made(self, profile: Profile, touchpoint: Touchpoint, now_ms: int) -> tuple[Any, int]:
        """The value and 0; None and 1 for an error, another type, or what is too long."""
        try:
            found = self.value(profile, touchpoint, now_ms)
        except EvaluationError:
            return None, 1
        if self.type and (isinstance(found, bool) or not isinstance(found, TYPES[self.type])):
            return None, 1
        if isinstance(found, str | list | dict) and _length(found) > MAX_VALUE_CHARACTERS:
            return None, 1
        return found, 0


def _length(found: object) -> int:
    return len(found) if isinstance(found, str) else len(json.dumps(found, ensure_ascii=False))


class Named(Struct, frozen=True):
    """Several, by name."""

    parts: "dict[str, Part]"

    def made(self, profile: Profile, touchpoint: Touchpoint, now_ms: int) -> tuple[Any, int]:
        """Each of them, and the sum of their errors."""
        made = {name: part.made(profile, touchpoint, now_ms) for name, part in self.parts.items()}
        return {name: value for name, (value, _) in made.items()}, sum(n for _, n in made.values())


Part = Constant | Said | Asked | Named


class ActionSpec(Struct, frozen=True):
    """An action that is checked and compiled."""

    kind: str
    parts: dict[str, Part]
    """Field of the body → what it is made of."""
    expiry_ms: int
    requires_approval: bool = False
    idempotency_key: Value | None = None
    rows: tuple[Row, ...] = ()
    """Of `lead.route`: the table, whose last row takes all."""
