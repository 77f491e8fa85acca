"""The code of what an expression looks up by name."""

from decisions.language.code import Code, build
from decisions.language.course import STAYS, Course, Untold, together
from decisions.language.fields import Field
from decisions.language.kinds import DYN
from decisions.language.operators import coerced
from decisions.language.timing import steps


def run_key(kind: str) -> Code:
    """The key of a journey's run; checked when it is read, as the run may be of another version."""
    # It comes with the event, so that all that is asked of a run is called as everything else is.
    value = build("event.key", DYN)
    key = value if kind == DYN else coerced(value, kind)
    assert key is not None, "scopes hold no other types"
    return key


def field_code(field: Field, *key: Code) -> Code:
    """A field, of which `key` stands for [key], and how it goes on by time alone."""
    course = together(*(code.course for code in key))
    if field.change:
        course = steps(field.change, *key)
    elif course is STAYS:
        course = Course(slope=field.slope, fades=field.fades)
    elif field.slope or field.fades:
        course = Course(untold=course.untold or Untold("a key that changes by time"))
    return build(field.code, field.type, *key, course=course)
