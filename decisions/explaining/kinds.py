"""Whether an expression is a time, a duration or something else, as words for it differ."""

from typing import Final

from decisions.explaining.places import is_call, place_of
from decisions.language.grammar.syntax import Binary, Call, Literal, Node, Ternary
from decisions.language.kinds import DURATION, TIMESTAMP
from decisions.language.names import BY_NAME
from decisions.language.runtime.conversions import to_duration, to_timestamp

TIME: Final = "time"
SPAN: Final = "span"
OTHER: Final = ""
OF_TYPE: Final = {TIMESTAMP: TIME, DURATION: SPAN}


def kind_of(node: Node) -> str:
    """TIME, SPAN or OTHER."""
    place = place_of(node)
    if place is not None:
        field = BY_NAME.get(place.name)
        return OF_TYPE.get(field.type, OTHER) if field is not None else OTHER
    if is_call(node, "timestamp"):
        return TIME
    if is_call(node, "duration", "since"):
        return SPAN
    if isinstance(node, Ternary):
        return kind_of(node.then)
    if isinstance(node, Binary) and node.operator in ("+", "-"):
        both = {kind_of(node.left), kind_of(node.right)}
        if both == {TIME, SPAN}:
            return TIME
        return SPAN if both in ({TIME}, {SPAN}) else OTHER
    return OTHER


def written_span(node: Node) -> int | None:
    """The milliseconds of a duration that is written out."""
    value = _written(node, "duration")
    return None if value is None else to_duration(value)


def written_time(node: Node) -> int | None:
    """The instant of a time that is written out."""
    value = _written(node, "timestamp")
    return None if value is None else to_timestamp(value)


def _written(node: Node, name: str) -> str | int | None:
    if not isinstance(node, Call) or not is_call(node, name):
        return None
    value = node.arguments[0].value if isinstance(node.arguments[0], Literal) else None
    return value if isinstance(value, str | int) else None
