"""Pieces of Python that stand for typed pieces of an expression.

A piece is built from a template, which is Python text with operands A, B, C; the operands are put
into its syntax tree, so nothing that was written in an expression is ever read as Python. `it` in a
template is a variable of its own. Whatever else a template names is in NAMESPACE of `runtime`, or
one of the compiled function's arguments `profile`, `event` and `now_ms`.
"""

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from typing import Any

from decisions.language.course import STAYS, Course, together
from decisions.language.kinds import BOOL


@dataclass(frozen=True, slots=True)
class Code:
    """A typed piece of Python.

    `fast` evaluates from left to right as Python does. If it raises nothing its value is right; if
    it raises, the value (or error) is that of `slow`, in which && and || absorb errors.
    """

    type: str
    fast: ast.expr
    slow: ast.expr
    errs: bool
    """Whether it can raise."""
    literal: Any = None
    """The value, if it is known now and not null; of a list, a tuple."""
    course: Course = STAYS
    """How the value, or the error, goes on by time alone."""

    def at(self, offset: int) -> "Code":
        """The same, with the place where its course could no longer be told."""
        course = self.course.at(offset)
        return self if course is self.course else replace(self, course=course)


Fresh = Callable[[], str]
"""Gives a name of a variable that nobody else has."""


def names(prefix: str) -> Fresh:
    """Names that begin with `prefix`, each once."""
    numbers = count()
    return lambda: f"{prefix}{next(numbers)}"


_fresh = names("it")


def constant(value: bool | int | float | str | bytes | frozenset[str] | None) -> ast.expr:
    """A constant of Python."""
    # A tree may hold a frozenset as its compiler's own output does; the types do not know that.
    return ast.Constant(value, lineno=1, col_offset=0)  # type: ignore[arg-type]  # see above


def literal(value: bool | int | float | str | None, kind: str) -> Code:
    """A value known now."""
    node = constant(value)
    return Code(kind, node, node, errs=False, literal=value)


def piece(node: ast.expr, kind: str) -> Code:
    """Python that raises nothing."""
    return Code(kind, node, node, errs=False)


def variable(name: str, kind: str) -> Code:
    """An argument of the function or lambda around."""
    return piece(ast.Name(name, ast.Load(), lineno=1, col_offset=0), kind)


def build(
    template: str, kind: str, *operands: Code, errs: bool = False, course: Course | None = None
) -> Code:
    """A piece of type `kind`: the template with A, B, C replaced by the operands.

    It can raise if an operand can, or if `errs` says that the template itself can. Its course is
    what follows from the operands' if the template does not look at `now_ms`, unless `course` says
    another.
    """
    it = _fresh()
    fast = _filled(_parsed(template), [operand.fast for operand in operands], it)
    slow = fast
    if any(operand.slow is not operand.fast for operand in operands):
        slow = _filled(_parsed(template), [operand.slow for operand in operands], it)
    errs = errs or any(operand.errs for operand in operands)
    if course is None:
        course = together(*(operand.course for operand in operands))
    return Code(kind, fast, slow, errs, course=course)


def list_code(kind: str, items: Sequence[Code]) -> Code:
    """A list of type `kind`."""
    known = [item.literal for item in items]
    return Code(
        kind,
        _list(item.fast for item in items),
        _list(item.slow for item in items),
        errs=any(item.errs for item in items),
        literal=None if None in known else tuple(known),
        course=together(*(item.course for item in items)),
    )


def record_code(items: Mapping[str, Code]) -> Code:
    """A dict of Python: name → value."""

    def made(values: Iterable[ast.expr]) -> ast.expr:
        return ast.Dict([constant(name) for name in items], list(values), lineno=1, col_offset=0)

    fast = made(item.fast for item in items.values())
    slow = fast
    if any(item.slow is not item.fast for item in items.values()):
        slow = made(item.slow for item in items.values())
    return Code("map", fast, slow, errs=any(item.errs for item in items.values()))


def logical(operator: str, operands: Sequence[Code]) -> Code:
    """&& or || of pieces of type bool.

    Operands that cannot err come first: CEL's result does not depend on the order, since false (for
    &&; true for ||) wins over an error on either side. So one erring operand needs no more than
    Python's own operator, and only from the second on must errors be absorbed.
    """
    safe = [operand for operand in operands if not operand.errs]
    risky = [operand for operand in operands if operand.errs]
    python = ast.And() if operator == "&&" else ast.Or()
    fast = _joined(python, [operand.fast for operand in (*safe, *risky)])
    slow = fast
    if len(risky) > 1:
        absorbing = ast.Call(
            variable("conjunction" if operator == "&&" else "disjunction", BOOL).fast,
            [_lambda([], operand.slow) for operand in risky],
            [],
            lineno=1,
            col_offset=0,
        )
        slow = _joined(python, [*(operand.slow for operand in safe), absorbing])
    elif risky and risky[0].slow is not risky[0].fast:
        slow = _joined(python, [operand.slow for operand in (*safe, *risky)])
    course = together(*(operand.course for operand in operands))
    return Code(BOOL, fast, slow, errs=bool(risky), course=course)


def function(parameter: str, body: Code) -> Code:
    """A function of one argument; making it cannot err. Of its course, see `timing.over`."""
    fast = _lambda([parameter], body.fast)
    slow = fast if body.slow is body.fast else _lambda([parameter], body.slow)
    return Code(body.type, fast, slow, errs=False)


def _joined(operator: ast.boolop, values: list[ast.expr]) -> ast.expr:
    if len(values) == 1:
        return values[0]
    return ast.BoolOp(operator, values, lineno=1, col_offset=0)


def _list(items: Iterable[ast.expr]) -> ast.expr:
    return ast.List(list(items), ast.Load(), lineno=1, col_offset=0)


def _lambda(parameters: list[str], body: ast.expr) -> ast.expr:
    arguments = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(name, lineno=1, col_offset=0) for name in parameters],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    return ast.Lambda(arguments, body, lineno=1, col_offset=0)


@cache
def _parsed(template: str) -> ast.expr:
    return ast.parse(template, mode="eval").body


def _filled(node: Any, operands: Sequence[ast.expr], it: str) -> Any:
    """A copy of a template's tree with the operands in it."""
    if isinstance(node, list):
        return [_filled(item, operands, it) for item in node]
    if not isinstance(node, ast.AST):
        return node
    if isinstance(node, ast.Name):
        if node.id in ("A", "B", "C"):
            return operands["ABC".index(node.id)]
        name = it if node.id == "it" else node.id
        return ast.Name(name, node.ctx, lineno=1, col_offset=0)
    fields = {name: _filled(value, operands, it) for name, value in ast.iter_fields(node)}
    return ast.copy_location(type(node)(**fields), node)
