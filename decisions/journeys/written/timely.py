"""Conditions whose answers must be noticed when they change by time alone."""

from decisions.document import Node
from decisions.language import Condition, Scope
from decisions.reading import Reader
from state.sections import EVENT


def must_be_timely(
    reader: Reader, node: Node | None, where: str, condition: Condition | None, scope: Scope
) -> None:
    """Notes a condition of which it cannot be told when its answer changes. One that looks at the
    event is asked of events only, so time need not be noticed."""
    if condition is not None and condition.timely and not condition.reads & EVENT:
        reader.condition(node, where, scope, timely=True)
