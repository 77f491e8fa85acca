"""The names of the table of fields: what may follow what, and the code that reads one."""

from typing import Final

from decisions.language.code import Code, build
from decisions.language.course import STAYS, Course, Untold, together
from decisions.language.fields import FIELDS, Field
from decisions.language.kinds import BOOL, STRING
from decisions.language.timing import steps

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


def field_code(field: Field, *key: Code) -> Code:
    """The field's value; of a field with [key] that of a key."""
    course = together(*(code.course for code in key))
    if field.change:
        course = steps(field.change, *key)
    elif course is STAYS:
        course = Course(slope=field.slope, fades=field.fades)
    elif field.slope or field.fades:
        course = Course(untold=course.untold or Untold("a key that changes by time"))
    return build(field.code, field.type, *key, course=course)


def holds(field: Field, item: Code) -> Code:
    """Whether the collection that the field is holds `item`, a text or what may be one."""
    if item.type == STRING:
        return build(field.holds.format("A"), BOOL, item)
    return build(f"(it := A).__class__ is str and {field.holds.format('it')}", BOOL, item)
