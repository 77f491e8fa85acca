"""What an expression is made of, as far as a reader wants to know why it is true or false."""

from collections.abc import Iterator

from decisions.language.grammar.lexer import tokens
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

OPEN, CLOSE = "([{", ")]}"


def conjuncts(source: str) -> list[str]:
    """What && joins at the top of `source`, each as it was written; all of it where nothing is.

    Raises ExpressionError where it is no expression.
    """
    tree = parse(source)
    if not isinstance(tree, Logical) or tree.operator != "&&":
        return [source.strip()]
    parts, depth, start = [], 0, 0
    for token in tokens(source):
        if token.kind != "mark":
            continue
        depth += (token.text in OPEN) - (token.text in CLOSE)
        if token.text == "&&" and depth == 0:
            parts.append(source[start : token.offset].strip())
            start = token.offset + 2
    return [*parts, source[start:].strip()]


def fields_read(source: str) -> list[str]:
    """The fields of customers that `source` names, as expressions, in the order written.

    Raises ExpressionError where it is no expression.
    """
    return list(dict.fromkeys(_fields(parse(source))))


def _fields(node: Node) -> Iterator[str]:
    path = _path(node)
    if path is not None:
        yield path
        return
    for below in _below(node):
        yield from _fields(below)


def _path(node: Node) -> str | None:
    """`node` as written, if it is a name of the customer's and what follows it."""
    match node:
        case Name(name=("now" | "profile" | "customer") as name):
            return name
        case Select(operand=operand, field=field):
            path = _path(operand)
            return None if path is None else f"{path}.{field}"
        case Index(operand=operand, key=Literal(value=str() as key)) if '"' not in key:
            path = _path(operand)
            return None if path is None else f'{path}["{key}"]'
    return None


def _below(node: Node) -> list[Node]:
    match node:
        case Select() | Unary():
            return [node.operand]
        case Index():
            return [node.operand, node.key]
        case Call():
            return [*([node.target] if node.target else []), *node.arguments]
        case ListOf():
            return node.items
        case Binary():
            return [node.left, node.right]
        case Logical():
            return node.operands
        case Ternary():
            return [node.condition, node.then, node.otherwise]
    return []
