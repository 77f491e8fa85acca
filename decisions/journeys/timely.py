"""Conditions whose answers must be noticed when they change by time alone."""

from decisions.document import Node
from decisions.language import Condition
from decisions.reading import Reader
from state.sections import EVENT


def must_be_timely(
    reader: Reader, node: Node | None, where: str, condition: Condition | None
) -> None:
    """Notes a condition of which it cannot be told when its answer changes. One that looks at the
    event is asked of events only, so time need not be noticed."""
    if node is None or condition is None or condition.reads & EVENT or not condition.timely:
        return
    expected = "a condition of which it can be told when time alone changes it"
    reader.problem(node, where, expected, condition.timely)
