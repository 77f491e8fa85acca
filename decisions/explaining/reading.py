"""What an expression reads, and how time alone changes it."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from decisions.explaining.field_words import CHANGES
from decisions.explaining.nouns import noun
from decisions.explaining.places import TRAIT, place_of
from decisions.language.canonical import canonical
from decisions.language.grammar.parser import parse
from decisions.language.grammar.syntax import (
    Call,
    Node,
)
from decisions.language.history import HISTORY_FUNCTIONS
from decisions.language.names import BY_NAME
from decisions.language.parts import parts_of

REMEMBERED = "What is remembered of the customer's events."
MEMBER = "in_segment"


class Reads(Struct, frozen=True):
    """A name that an expression reads."""

    name: str
    """As it is written."""
    doc: str
    changes: str = ""
    """How time alone changes it; "" = it does not."""


def reads(sources: Iterable[str], traits: Mapping[str, str]) -> list[Reads]:
    """All that the expressions read, in the order written, each once."""
    found = {one.name: one for source in sources for one in _reads(parse(source), traits)}
    return list(found.values())


def _reads(node: Node, traits: Mapping[str, str]) -> Iterator[Reads]:
    place = place_of(node)
    if place is not None and place.name == TRAIT:
        kind = traits.get(place.path or "", "")
        yield Reads(canonical(node), f"A trait, {kind}: what the customer has said.")
    elif place is not None:
        field = BY_NAME[place.name]
        yield Reads(canonical(node), field.doc, CHANGES.get(place.name, ""))
    elif isinstance(node, Call) and node.target is None and node.name in HISTORY_FUNCTIONS:
        yield Reads(canonical(node), REMEMBERED, _changes(node))
    else:
        if isinstance(node, Call) and node.target is None and node.name == MEMBER:
            yield Reads("segments", BY_NAME["segments"].doc)
        for below in parts_of(node):
            yield from _reads(below, traits)


def _changes(node: Call) -> str:
    match node.name:
        case "count" | "sum":
            return f"when an event leaves the last {noun(node.arguments[-1])}"
        case "since":
            return "as time passes"
        case "sequence":
            return f"{noun(node.arguments[-1])} after it was complete"
    return ""
