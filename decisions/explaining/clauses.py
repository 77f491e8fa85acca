"""What a condition says: on one line, or as a list of what must be true."""

from typing import Final

from msgspec import Struct

from decisions.explaining import comparisons, nouns, occasions
from decisions.explaining.field_words import FLAGS, HOLDS
from decisions.explaining.phrases import listed, quoted
from decisions.explaining.places import TRAIT, is_call, place_of
from decisions.language.grammar.parser import parse
from decisions.language.grammar.syntax import (
    Binary,
    Call,
    Index,
    ListOf,
    Literal,
    Logical,
    Name,
    Node,
    Select,
    Ternary,
    Unary,
)

TEXTS: Final = {
    "startsWith": ("begins with", "does not begin with"),
    "endsWith": ("ends with", "does not end with"),
    "contains": ("contains", "does not contain"),
    "matches": ("fits the pattern", "does not fit the pattern"),
}
LISTS: Final = {
    "exists": ("for at least one", "for no"),
    "all": ("for every", "not for every"),
    "exists_one": ("for exactly one", "not for exactly one"),
}
TOGETHER: Final = {
    ("&&", True): "all of these are so:",
    ("&&", False): "not all of these are so:",
    ("||", True): "at least one of these is so:",
    ("||", False): "none of these is so:",
}


class Line(Struct, frozen=True):
    """A line, and what stands below it."""

    text: str
    below: tuple["Line", ...] = ()


def condition(source: str) -> Line:
    """A condition as a list of what must be true. Raises ExpressionError where it is none."""
    return tree(parse(source))


def tree(node: Node, yes: bool = True) -> Line:
    """What a condition says, or where `yes` is False that it does not hold."""
    if isinstance(node, Unary) and node.operator == "!":
        return tree(node.operand, not yes)
    if isinstance(node, Logical) and not _guarded(node):
        parts = tuple(tree(part) for part in _flat(node, node.operator))
        return Line(TOGETHER[node.operator, yes], parts)
    return Line(says(node, yes))


def _flat(node: Logical, operator: str) -> list[Node]:
    parts: list[Node] = []
    for part in node.operands:
        same = isinstance(part, Logical) and part.operator == operator and not _guarded(part)
        parts += _flat(part, operator) if same and isinstance(part, Logical) else [part]
    return parts


def inner(node: Node, yes: bool = True) -> str:
    """On one line as a part of another: in brackets where it is put together itself."""
    said = says(node, yes)
    while isinstance(node, Unary) and node.operator == "!":
        node = node.operand
    return f"({said})" if isinstance(node, Logical) and not _guarded(node) else said


def says(node: Node, yes: bool = True) -> str:
    """On one line; where `yes` is False, that it does not hold."""
    match node:
        case Literal(value=bool() as value):
            return "it is always so" if value is yes else "it is never so"
        case Unary(operator="!"):
            return says(node.operand, not yes)
        case Logical():
            if guarded := _guarded(node):
                return says(guarded) if yes else f"{says(guarded, False)}, or is missing"
            word = "and" if (node.operator == "&&") is yes else "or"
            return listed([inner(part, yes) for part in node.operands], word)
        case Ternary():
            when = says(node.condition)
            return f"{says(node.then, yes)} if {when}, else {says(node.otherwise, yes)}"
        case Binary() if names := occasions.names_in(node):
            return f"the event is {_one_of([quoted(name) for name in names], yes)}"
        case Binary(operator="in"):
            return _contained(node.left, node.right, yes)
        case Binary() if node.operator in comparisons.OPPOSITE:
            return comparisons.compared(node, yes)
        case Call() if is_clause(node):
            return _call(node, yes)
        case Name() | Select() | Index():
            place = place_of(node)
            if place is not None and place.name in FLAGS:
                key = "" if place.key is None else nouns.noun(place.key)
                return FLAGS[place.name][not yes].replace("{key}", key)
    return f"{nouns.noun(node)} is {'' if yes else 'not '}true"


def is_clause(node: Node) -> bool:
    """Whether a call says something that is true or false in words of its own."""
    if not isinstance(node, Call):
        return False
    if node.target is None:
        return node.name in ("has", "in_segment", "seen", "sequence")
    return node.name in TEXTS or node.name in LISTS


def _guarded(node: Logical) -> Node | None:
    """The second part of `has(x) && ...` that asks about x alone: has(x) goes without saying."""
    if node.operator != "&&" or len(node.operands) != 2:
        return None
    first, second = node.operands
    if not isinstance(first, Call) or not is_call(first, "has") or isinstance(second, Logical):
        return None
    asked = first.arguments[0]
    about = second.left if isinstance(second, Binary) else second
    if isinstance(second, Call) and second.target is not None:
        about = second.target
    return second if _same(asked, about) else None


def _same(one: Node, other: Node) -> bool:
    """Whether both are the same name."""
    if isinstance(one, Select) and isinstance(other, Select):
        return one.field == other.field and _same(one.operand, other.operand)
    return isinstance(one, Name) and isinstance(other, Name) and one.name == other.name


def _contained(item: Node, where: Node, yes: bool) -> str:
    place = place_of(where)
    if place is not None and not place.below and place.name in HOLDS:
        key = nouns.noun(item)
        if place.name == "segments" and isinstance(item, Literal):
            # What is no id is no segment either: it stays in quotes.
            key = name if (name := str(item.value)).isidentifier() else key
        return HOLDS[place.name][not yes].replace("{key}", key)
    if isinstance(where, ListOf):
        if not where.items:
            return says(Literal(0, False), yes)
        return f"{nouns.noun(item)} is {_one_of([nouns.noun(one) for one in where.items], yes)}"
    return f"{nouns.noun(item)} is {'' if yes else 'not '}among {nouns.noun(where)}"


def _one_of(words: list[str], yes: bool) -> str:
    if yes:
        return listed(words, "or")
    return f"neither {listed(words, 'nor')}" if len(words) > 1 else f"not {words[0]}"


def _call(node: Call, yes: bool) -> str:
    arguments = node.arguments
    if node.target is not None and node.name in TEXTS:
        return f"{nouns.noun(node.target)} {TEXTS[node.name][not yes]} {nouns.noun(arguments[0])}"
    if node.target is not None:
        name, test = nouns.noun(arguments[0]), says(arguments[1])
        return f"{LISTS[node.name][not yes]} {name} of {nouns.noun(node.target)}: {test}"
    match node.name:
        case "has":
            return _present(arguments[0], yes)
        case "in_segment":
            return _contained(arguments[0], Name(node.offset, "segments"), yes)
        case "seen":
            word = "an event" if yes else "no event"
            return f"{occasions.singular(arguments[0], word)} has ever happened"
    first, then, within = arguments
    long, word = nouns.noun(within), "an event" if yes else "no event"
    followed = f"was followed by {occasions.singular(then)} within {long}"
    return f"{occasions.singular(first, word)} {followed}, at most {long} ago"


def _present(asked: Node, yes: bool) -> str:
    if isinstance(asked, Select):
        above, field = place_of(asked.operand), nouns.noun(Literal(0, asked.field))
        if above is not None and above.name in HOLDS and not above.below:
            return HOLDS[above.name][not yes].replace("{key}", field)
        place = place_of(asked)
        if place is not None and place.name == TRAIT:
            return f"{nouns.named(place)} is {'' if yes else 'not '}known"
        if isinstance(asked.operand, Name) and asked.operand.name == TRAIT:
            return f"the customer's {asked.field} is {'' if yes else 'not '}known"
    return f"{nouns.noun(asked)} is {'there' if yes else 'missing'}"
