"""When the answer of a condition may be another by time alone."""

import ast
from collections.abc import Iterable
from typing import Protocol, cast

from decisions.language.code import piece
from decisions.language.course import Course
from decisions.language.errors import ExpressionError
from decisions.language.kinds import INT
from decisions.language.python import evaluator
from state.profile import Profile
from state.touchpoint import Touchpoint


class Changes(Protocol):
    """A plain function that says when an answer may change by time alone."""

    def __call__(self, profile: Profile, touchpoint: Touchpoint, now_ms: int, /) -> int:
        """The earliest instant after `now_ms`, in ms since the epoch, at which the answer (true,
        false, an error) may be another than at `now_ms`, everything else staying as it is; 0 =
        never. It may be early, and is never late. Raises nothing.

        What a score, or a time that leaves the years 1 to 9999, would change more than 50 years
        from now counts as never.
        """


def never(_profile: Profile, _touchpoint: Touchpoint, _now_ms: int, /) -> int:
    """Of what time does not change."""
    return 0


def at_once(_profile: Profile, _touchpoint: Touchpoint, now_ms: int, /) -> int:
    """Of what cannot be told: the next millisecond."""
    return now_ms + 1


def changes_function(instants: Iterable[ast.expr]) -> Changes:
    """A function that gives the first of `instants`, each of them asked once."""
    different = list({ast.dump(instant): instant for instant in instants}.values())
    if not different:
        return never
    found = different[0]
    if len(different) > 1:
        name = ast.Name("earliest", ast.Load(), lineno=1, col_offset=0)
        found = ast.Call(name, different, [], lineno=1, col_offset=0)
    return cast(Changes, evaluator(piece(found, INT)))


def untimely(course: Course) -> ExpressionError | None:
    """Why it cannot be told when it changes; None if it can."""
    if course.untold is None:
        return None
    return ExpressionError(
        "nobody can tell when this changes by time alone",
        course.untold.offset or 0,
        "<, <=, >, >=, == or != between two times, or between a score and what stays as it is",
        f"{course.untold.got} used otherwise",
    )
