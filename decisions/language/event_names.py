"""Which events a condition can be true for, as far as that follows from how it is written."""

from decisions.language.grammar.syntax import (
    Binary,
    ListOf,
    Literal,
    Logical,
    Name,
    Node,
    Select,
    Ternary,
)


def event_names(node: Node) -> frozenset[str] | None:
    """Names outside of which the condition is false or an error; None if that cannot be told."""
    if isinstance(node, Literal) and node.value is False:
        return frozenset()
    if isinstance(node, Logical):
        found = [event_names(operand) for operand in node.operands]
        known = [names for names in found if names is not None]
        if node.operator == "&&":
            return frozenset.intersection(*known) if known else None
        return frozenset().union(*known) if len(known) == len(found) else None
    if isinstance(node, Ternary):
        condition = event_names(node.condition)
        then, otherwise = event_names(node.then), event_names(node.otherwise)
        if condition is not None:
            then = condition if then is None else condition & then
        return None if then is None or otherwise is None else then | otherwise
    if isinstance(node, Binary):
        if node.operator == "==":
            return _texts(node.left, [node.right]) or _texts(node.right, [node.left])
        if node.operator == "in" and isinstance(node.right, ListOf):
            return _texts(node.left, node.right.items)
    return None


def _texts(asked: Node, among: list[Node]) -> frozenset[str] | None:
    if (
        not isinstance(asked, Select)
        or asked.field != "name"
        or not isinstance(asked.operand, Name)
        or asked.operand.name != "event"
    ):
        return None
    texts = [item.value for item in among if isinstance(item, Literal)]
    names = frozenset(text for text in texts if isinstance(text, str))
    return names if len(texts) == len(among) else None
