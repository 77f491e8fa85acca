"""Comparisons in words: "the number of orders is at least 3"."""

from typing import Final

from decisions.explaining import clauses, nouns, occasions
from decisions.explaining.kinds import SPAN, TIME, kind_of, written_span
from decisions.explaining.phrases import span
from decisions.explaining.places import is_call, place_of
from decisions.language.grammar.syntax import Binary, Call, ListOf, Literal, Name, Node, Unary
from decisions.language.names import BY_NAME

OPPOSITE: Final = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
MIRRORED: Final = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
NUMBERS: Final = {
    "==": "is",
    "!=": "is not",
    ">": "is more than",
    ">=": "is at least",
    "<": "is less than",
    "<=": "is at most",
}
SPANS: Final = {
    "==": "is exactly",
    "!=": "is not exactly",
    ">": "is longer than",
    ">=": "is at least",
    "<": "is shorter than",
    "<=": "is at most",
}
TIMES: Final = {
    "==": "is at",
    "!=": "is not at",
    ">": "is after",
    ">=": "is at or after",
    "<": "is before",
    "<=": "is at or before",
}
AGO: Final = {
    "==": "was exactly {} ago",
    "!=": "was not exactly {} ago",
    ">": "was more than {} ago",
    ">=": "was at least {} ago",
    "<": "was less than {} ago",
    "<=": "was at most {} ago",
}
NEVER: Final = ("!=", ">", ">=")
"""What holds of a time in 1970, which stands for never."""


def compared(node: Binary, yes: bool) -> str:
    """What a comparison says, or its opposite."""
    left, right = node.left, node.right
    operator = node.operator if yes else OPPOSITE[node.operator]
    if _is_known(left) and not _is_known(right):
        left, right, operator = right, left, MIRRORED[operator]
    if isinstance(right, Literal) and isinstance(right.value, bool) and operator in ("==", "!="):
        return clauses.says(left, right.value is (operator == "=="))
    return _ago(left, operator, right) or _plainly(left, operator, right)


def _ago(left: Node, operator: str, right: Node) -> str:
    """now - a time compared with a duration, or a time with now - a duration."""
    if is_now_less(right, SPAN) and kind_of(left) == TIME and isinstance(right, Binary):
        return _was(left, MIRRORED[operator], right.right)
    if is_now_less(left, SPAN) and kind_of(right) == TIME and isinstance(left, Binary):
        return _was(right, operator, left.right)
    if is_now_less(left, TIME) and isinstance(left, Binary):
        return _was(left.right, operator, right)
    if isinstance(left, Call) and is_call(left, "since"):
        what = occasions.singular(left.arguments[0], "the last event")
        return f"{what} {AGO[operator].format(nouns.noun(right))}"
    return ""


def is_now_less(node: Node, kind: str) -> bool:
    """Whether it is now less something of `kind`."""
    if not isinstance(node, Binary) or node.operator != "-" or kind_of(node.right) != kind:
        return False
    return isinstance(node.left, Name) and node.left.name == "now"


def _was(time: Node, operator: str, away: Node) -> str:
    ms = written_span(away)
    long = nouns.noun(away) if ms is None else span(ms)
    said = f"{nouns.noun(time)} {AGO[operator].format(long)}"
    place = place_of(time)
    may_be_never = place is not None and "1970 = never" in BY_NAME[place.name].doc
    return f"{said}, or never" if may_be_never and operator in NEVER else said


def _plainly(left: Node, operator: str, right: Node) -> str:
    kinds = {kind_of(left), kind_of(right)}
    words = TIMES if TIME in kinds else SPANS if SPAN in kinds else NUMBERS
    return f"{nouns.noun(left)} {words[operator]} {nouns.noun(right)}"


def _is_known(node: Node) -> bool:
    if isinstance(node, Literal | ListOf) or is_call(node, "duration", "timestamp"):
        return True
    return isinstance(node, Unary) and isinstance(node.operand, Literal)
