"""Paths to fields, and the question whether something is there."""

from decisions.language.grammar.syntax import Index, Literal, Name, Node, Select
from decisions.structured.source import quoted

MAY_LACK = ("customer", "event.properties", "event.traits", "context")
"""What is below these has a value only where it was told."""


MAX_STEPS = 16


def is_path(tree: Node) -> bool:
    """Whether `tree` is a path, of MAX_STEPS at most."""
    for _ in range(MAX_STEPS + 1):
        if not isinstance(tree, Select | Index):
            return isinstance(tree, Name)
        if isinstance(tree, Index) and not _is_key(tree.key):
            return False
        tree = tree.operand
    return False


def _is_key(node: Node) -> bool:
    return isinstance(node, Literal) and node.value.__class__ in (str, int)


def path_of(tree: Node) -> str:
    """A path, written plainly."""
    if isinstance(tree, Name):
        return tree.name
    assert isinstance(tree, Select | Index)
    above = path_of(tree.operand)
    if isinstance(tree, Select):
        return f"{above}.{tree.field}"
    assert isinstance(tree.key, Literal)
    key = tree.key.value
    return f"{above}[{quoted(key) if isinstance(key, str) else key}]"


def presence(tree: Node) -> str:
    """That the last step of a path leads somewhere; "" where there is no step."""
    if isinstance(tree, Select):
        return f"has({path_of(tree)})"
    if not isinstance(tree, Index) or not isinstance(tree.key, Literal):
        return ""
    above, key = path_of(tree.operand), tree.key.value
    return f"{quoted(key)} in {above}" if isinstance(key, str) else f"size({above}) > {key}"


def steps_there(tree: Node) -> list[str]:
    """What must be true for a path to have a value, from its beginning on."""
    if not isinstance(tree, Select | Index):
        return []
    above = path_of(tree.operand)
    can_lack = any(above == root or above.startswith((f"{root}.", f"{root}[")) for root in MAY_LACK)
    return [*steps_there(tree.operand), *([presence(tree)] if can_lack else [])]
