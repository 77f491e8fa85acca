"""Which events a condition on the event is about: `events "Order Completed" where ...`."""

from decisions.explaining import clauses
from decisions.explaining.phrases import listed, quoted
from decisions.explaining.places import place_of
from decisions.language.grammar.syntax import Binary, ListOf, Literal, Logical, Node


def plural(condition: Node, word: str = "events") -> str:
    """events "A" or "B" where ..."""
    return singular(condition, word)


def singular(condition: Node, word: str = "an event") -> str:
    """The same with another word for events."""
    names, rest = _parts(condition)
    named = f"{word} {listed([quoted(name) for name in names], 'or')}" if names else word
    always = [part for part in rest if not _is_true(part)]
    where = listed([clauses.inner(part) for part in always])
    return f"{named} where {where}" if where else named


def _parts(condition: Node) -> tuple[list[str], list[Node]]:
    """The names of the events, and what else must be true."""
    both = isinstance(condition, Logical) and condition.operator == "&&"
    parts = condition.operands if both and isinstance(condition, Logical) else [condition]
    for number, part in enumerate(parts):
        if names := names_in(part):
            return names, [*parts[:number], *parts[number + 1 :]]
    return [], list(parts)


def names_in(node: Node) -> list[str]:
    """The names that it says an event has; none where it says something else."""
    if not isinstance(node, Binary):
        return []
    left, right = node.left, node.right
    if node.operator == "==" and isinstance(left, Literal):
        left, right = right, left
    place = place_of(left)
    if place is None or place.name != "event.name":
        return []
    items = right.items if node.operator == "in" and isinstance(right, ListOf) else [right]
    if node.operator not in ("==", "in"):
        return []
    names = [item.value for item in items if isinstance(item, Literal)]
    texts = [name for name in names if isinstance(name, str)]
    return texts if len(texts) == len(items) else []


def _is_true(node: Node) -> bool:
    return isinstance(node, Literal) and node.value is True
