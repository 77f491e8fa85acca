"""What an expression's value is called: "the number of orders", "30 days"."""

from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Final

# They call one another, as what they speak of stands inside one another: so by module.
from decisions.explaining import clauses, occasions
from decisions.explaining.field_words import NOUNS
from decisions.explaining.kinds import SPAN, TIME, kind_of, written_span, written_time
from decisions.explaining.phrases import moment, number, quoted, span
from decisions.explaining.places import TRAIT, Place, place_of
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

ARITHMETIC: Final = {
    "+": "{} plus {}",
    "-": "{} less {}",
    "*": "{} times {}",
    "/": "{} divided by {}",
    "%": "the remainder of {} divided by {}",
}
GETTERS: Final = {
    "getFullYear": "the year",
    "getMonth": "the month (from 0)",
    "getDate": "the day of the month",
    "getDayOfMonth": "the day of the month (from 0)",
    "getDayOfWeek": "the weekday (0 = Sunday)",
    "getDayOfYear": "the day of the year (from 0)",
    "getHours": "the hour",
    "getMinutes": "the minute",
    "getSeconds": "the second",
}
METHODS: Final = {
    "lowerAscii": ("{} in small letters",),
    "upperAscii": ("{} in capitals",),
    "trim": ("{} without spaces around it",),
    "replace": ("", "", "{} with {} in place of {}"),
    "substring": ("", "{} from position {} on", "{} from position {} to before {}"),
    "indexOf": ("", "the position of {1} in {0}", "the position of {1} in {0}, from {2} on"),
    "split": ("", "the parts of {} between {}", "the first {2} parts of {0} between {1}"),
    "join": ("{} as one text", "{} as one text with {} between"),
    "size": ("the size of {}",),
}
"""By how many arguments there are; those before the first that there may be are empty."""
CONVERTED: Final = {
    "bool": "{} as true or false",
    "int": "{} as a whole number",
    "double": "{} as a decimal number",
    "string": "{} as a text",
    "timestamp": "{} as a time",
    "duration": "{} as a duration",
    "size": "the size of {}",
}
WHOSE: Final = {
    "event.properties": "the event's",
    "event.traits": "the event's word for the customer's",
}
MACROS: Final = {"map": "{value} for each {name} of {list}", "filter": "those {name} of {list}"}


def noun(node: Node) -> str:
    """What its value is called."""
    match node:
        case Literal():
            return _literal(node.value)
        case Name() | Select() | Index():
            place = place_of(node)
            return _part(node) if place is None else named(place)
        case ListOf():
            return (
                f"the list of {', '.join(map(noun, node.items))}" if node.items else "an empty list"
            )
        case Unary(operator="-"):
            return f"minus {_inner(node.operand)}"
        case Binary() if node.operator in ARITHMETIC:
            return _computed(node)
        case Unary() | Binary() | Logical():
            return f"whether {clauses.says(node)}"
        case Ternary():
            then, condition = noun(node.then), clauses.says(node.condition)
            return f"{then} if {condition}, else {noun(node.otherwise)}"
        case Call():
            return _call(node)


def named(place: Place) -> str:
    """What a field is called, and what is below it."""
    if place.name == TRAIT:
        return f"the customer's {place.path or 'traits'}"
    below, said = list(place.below), ""
    if below and place.name in WHOSE:
        texts = takewhile(lambda node: isinstance(node.value, str), _literals(below))
        path = [str(node.value) for node in texts]
        below = below[len(path) :]
        said = f"{WHOSE[place.name]} {quoted('.'.join(path))}" if path else ""
    key = "" if place.key is None else noun(place.key)
    said = said or NOUNS[place.name].replace("{key}", key)
    for step in below:
        said = _entry(step, said)
    return said


def _literals(nodes: Iterable[Node]) -> Iterator[Literal]:
    """Those at the beginning."""
    for node in nodes:
        if not isinstance(node, Literal):
            return
        yield node


def _part(node: Name | Select | Index) -> str:
    match node:
        case Name(name=name):
            return "the key of the run" if name == "key" else name
        case Select(operand=operand, field=field):
            return _entry(Literal(0, field), _inner(operand))
        case Index(operand=operand, key=key):
            return _entry(key, _inner(operand))


def _entry(key: Node, of: str) -> str:
    match key:
        case Literal(value=int() as at):  # they are numbered from 0 on
            return f"entry {at + 1} of {of}"
        case Literal(value=str() as name):
            return f"the {quoted(name)} of {of}"
    return f"the entry {_inner(key)} of {of}"


def _literal(value: bool | int | float | str | None) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else number(value)


def _computed(node: Binary) -> str:
    left, right = kind_of(node.left), kind_of(node.right)
    if (left, right) == (TIME, TIME):  # one less the other
        if isinstance(node.left, Name):
            return f"the time since {noun(node.right)}"
        return f"the time from {noun(node.right)} to {noun(node.left)}"
    if {left, right} == {TIME, SPAN}:
        at, away = (node.left, node.right) if left == TIME else (node.right, node.left)
        return f"{_inner(away)} {'after' if node.operator == '+' else 'before'} {_inner(at)}"
    if node.operator == "+" and any(_is_text(side) for side in (node.left, node.right)):
        return f"{_inner(node.left)} followed by {_inner(node.right)}"
    if node.operator == "+" and any(isinstance(side, ListOf) for side in (node.left, node.right)):
        return f"{_inner(node.left)} together with {_inner(node.right)}"
    return ARITHMETIC[node.operator].format(_inner(node.left), _inner(node.right))


def _is_text(node: Node) -> bool:
    return isinstance(node, Literal) and isinstance(node.value, str)


def _inner(node: Node) -> str:
    """As a part of something computed: in brackets where it is computed itself."""
    found = noun(node)
    plain = not isinstance(node, Binary | Ternary | Logical) and not clauses.is_clause(node)
    return found if plain else f"({found})"


def _call(node: Call) -> str:
    arguments = node.arguments
    if (ms := written_span(node)) is not None:
        return span(ms)
    if (at_ms := written_time(node)) is not None:
        return moment(at_ms)
    if clauses.is_clause(node):
        return f"whether {clauses.says(node)}"
    if node.target is None:
        return _function(node)
    if node.name in MACROS:
        return _macro(node, node.target)
    if node.name in GETTERS:
        zone = f" in {noun(arguments[0])}" if arguments else ""
        if kind_of(node.target) == SPAN:
            return f"the whole {node.name.removeprefix('get').lower()} of {_inner(node.target)}"
        return f"{GETTERS[node.name]} of {_inner(node.target)}{zone}"
    template = METHODS[node.name][len(arguments)]
    if node.name == "replace":
        old, new = arguments
        return template.format(_inner(node.target), noun(new), noun(old))
    return template.format(_inner(node.target), *map(noun, arguments))


def _function(node: Call) -> str:
    arguments = node.arguments
    match node.name:
        case "count":
            return f"the number {_lately(arguments[0], arguments[1])}"
        case "sum":
            total, of, window = arguments
            return f"the sum of {noun(total)} {_lately(of, window, 'over')}"
        case "since":
            return f"the time since {occasions.singular(arguments[0], 'the last event')}"
    if kind_of(arguments[0]) == {"timestamp": TIME, "duration": SPAN}.get(node.name):
        return noun(arguments[0])
    return CONVERTED[node.name].format(_inner(arguments[0]))


def _lately(condition: Node, window: Node, word: str = "of") -> str:
    """Of which events in a window; the window first where what follows is long."""
    events, last = occasions.plural(condition), f"in the last {noun(window)}"
    return f"{last} {word} {events}" if " where " in events else f"{word} {events} {last}"


def _macro(node: Call, target: Node) -> str:
    name, *rest = (noun(argument) for argument in node.arguments)
    words = {"name": name, "list": noun(target), "value": rest[-1]}
    said = MACROS[node.name].format(**words)
    test = node.arguments[1] if node.name == "filter" or len(rest) == 2 else None
    return said if test is None else f"{said} for which {clauses.says(test)}"
