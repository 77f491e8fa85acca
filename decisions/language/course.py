"""How a value goes on by time alone, everything else staying as it is.

It stays (most do), moves by so many ms each ms (times), or fades as interest does: what it will be
follows from what it is now, until the first of its `changes`. Of anything else it cannot be told.
"""

import ast
from dataclasses import dataclass, replace
from typing import NamedTuple


class Untold(NamedTuple):
    """Why it cannot be told how a value goes on."""

    got: str
    """What is used in a way that cannot be followed."""
    offset: int | None = None
    """Where, in the source; None until the checker has said it."""


@dataclass(frozen=True, slots=True)
class Course:
    """How one value goes on; one that neither moves nor fades stays as it is."""

    changes: tuple[ast.expr, ...] = ()
    """Python that gives instants after `now_ms`, in ms, 0 for never, and raises nothing: up to the
    first of them the value goes on as below. None at all: for ever. They may be early."""
    slope: int = 0
    """Of a timestamp or duration: by how many ms it grows each ms."""
    fades: bool = False
    """Whether it halves as all scores do (see state.decay), and goes to 0 without a turn."""
    signed: bool = False
    """Of what fades: whether it may be negative."""
    untold: Untold | None = None

    @property
    def stays(self) -> bool:
        """Whether it is one value until the first of `changes`."""
        return not (self.slope or self.fades or self.untold)

    def at(self, offset: int) -> "Course":
        """The same, with the place where it could no longer be told."""
        if self.untold is None or self.untold.offset is not None:
            return self
        return replace(self, untold=self.untold._replace(offset=offset))


STAYS = Course()
"""For ever as it is."""


def together(*courses: Course) -> Course:
    """Of what is computed from values with these courses by any rule that looks at no clock."""
    if all(course is STAYS for course in courses):  # mostly so
        return STAYS
    for course in courses:
        if course.untold:
            return Course(untold=course.untold)
    for course in courses:
        if not course.stays:
            return Course(untold=Untold("a score" if course.fades else "a time"))
    return Course(tuple(change for course in courses for change in course.changes))
