"""What came of a case: nothing but what differs from what was expected."""

from typing import Any

from msgspec import Struct

from decisions.cases.case import Case


class Row(Struct, frozen=True):
    """A line of a difference."""

    sign: str
    """"-" was expected and is not there, "+" is there and was not expected, " " is right."""
    text: str
    why: tuple[str, ...] = ()
    """Why it is so: conditions and the values of what they read."""


class Difference(Struct, frozen=True):
    """Something that is otherwise than expected."""

    line: int
    """Of the expectation, in the playbook's file."""
    events: int
    """After how many events of the case."""
    at_ms: int
    """The time of the last of them, or until which time has passed since."""
    what: str
    """segments, offers in a placement, alerts, actions, or an expression."""
    expected: Any
    got: Any
    """Both in plain JSON."""
    rows: tuple[Row, ...]


class Outcome(Struct, frozen=True):
    """A case that was run."""

    case: Case
    differences: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        """Whether all was as expected."""
        return not self.differences
