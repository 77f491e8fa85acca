"""The names of the table of fields as a tree: what may follow what."""

from typing import Final

from decisions.language.code import Code, build
from decisions.language.errors import ExpressionError, nearest, shown
from decisions.language.fields import FIELDS, Field
from decisions.language.kinds import BOOL, STRING

BY_NAME: Final = {field.name: field for field in FIELDS}
"""A field's name → the field."""


def _children() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"": ["customer"]}
    for path in BY_NAME:
        while path:
            above, _, last = path.rpartition(".")
            if path.endswith("[key]"):
                above, last = path.removesuffix("[key]"), "[key]"
            below = found.setdefault(above, [])
            if last not in below:
                below.append(last)
            path = above
    return found


CHILDREN: Final = _children()
"""Path → what may follow it."""


def holds(field: Field, item: Code) -> Code:
    """Whether a collection holds a text."""
    if item.type == STRING:
        return build(field.holds.format("A"), BOOL, item)
    return build(f"(it := A).__class__ is str and {field.holds.format('it')}", BOOL, item)


def unknown(what: str, written: str, offset: int, known: list[str]) -> ExpressionError:
    """The error that a name is none of those that are known."""
    names = sorted(known)
    expected = f"one of {', '.join(names)}" if names else "none, as none is declared"
    return ExpressionError(what, offset, expected, shown(written), nearest(written, names))
