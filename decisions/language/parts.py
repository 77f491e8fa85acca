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
from decisions.language.history import HISTORY_FUNCTIONS

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
    """The fields of customers that `source` names, and the functions that look back at their
    events, as expressions, in the order written.

    Raises ExpressionError where it is no expression.
    """
    return list(dict.fromkeys(_fields(parse(source), source)))


def _fields(node: Node, source: str) -> Iterator[str]:
    path = _path(node)
    if path is not None:
        yield path
    elif isinstance(node, Call) and node.target is None and node.name in HISTORY_FUNCTIONS:
        yield _call(source, node.offset)
    else:
        for below in parts_of(node):
            yield from _fields(below, source)


def _call(source: str, offset: int) -> str:
    """The call whose name stands at `offset`, as written."""
    depth = 0
    for token in tokens(source):
        if token.kind == "mark" and token.offset > offset:
            depth += (token.text in OPEN) - (token.text in CLOSE)
            if depth == 0:
                return source[offset : token.offset + 1]
    raise AssertionError("what could be parsed has a closing bracket")


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


def parts_of(node: Node) -> list[Node]:
    """What an expression is put together of."""
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
