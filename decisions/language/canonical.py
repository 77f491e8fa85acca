"""An expression written in one way, whatever its layout, comments and quotes.

It names what profiles remember: who changes what is written here makes every customer's history
functions begin anew.
"""

import json

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

_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))


def canonical(node: Node) -> str:
    """`node` as an expression of the language, whose tree is that of `node` apart from offsets, and
    apart from x.name for x["name"]: so two trees that differ in more are never written alike."""
    match node:
        case Literal():
            return json.dumps(node.value, ensure_ascii=False)
        case Name():
            return node.name
        case Select():
            return f"{canonical(node.operand)}.{node.field}"
        case Index():
            return _index(node)
        case ListOf():
            return f"[{_joined(node.items, ', ')}]"
        case Call():
            target = f"{canonical(node.target)}." if node.target else ""
            return f"{target}{node.name}({_joined(node.arguments, ', ')})"
        case Unary():
            operand = canonical(node.operand)
            if isinstance(node.operand, Literal):  # -(1) is no literal, -1 is one
                operand = f"({operand})"
            return f"({node.operator}{operand})"
        case Binary():
            return f"({canonical(node.left)} {node.operator} {canonical(node.right)})"
        case Logical():
            return f"({_joined(node.operands, f' {node.operator} ')})"
        case Ternary():
            parts = (node.condition, node.then, node.otherwise)
            return "({} ? {} : {})".format(*(canonical(part) for part in parts))


def span(ms: int) -> str:
    """A duration above zero in its largest whole unit: 604800000 → 7d."""
    return next(f"{ms // size}{unit}" for unit, size in _UNITS if ms % size == 0)


def _index(node: Index) -> str:
    key = node.key
    if isinstance(key, Literal) and isinstance(key.value, str) and _is_name(key.value):
        return f"{canonical(node.operand)}.{key.value}"
    return f"{canonical(node.operand)}[{canonical(key)}]"


def _is_name(text: str) -> bool:
    return text.isascii() and text.isidentifier() and text not in ("true", "false", "null", "in")


def _joined(nodes: list[Node], by: str) -> str:
    return by.join(canonical(node) for node in nodes)
