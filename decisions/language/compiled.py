"""Source text → a Python function that is called for each event."""

import ast
from collections.abc import Mapping
from typing import Any, Protocol, cast

from decisions.language import fields, runtime
from decisions.language.checker import Checker
from decisions.language.code import Code, build, function, record_code, variable
from decisions.language.errors import ExpressionError
from decisions.language.event_names import event_names
from decisions.language.grammar.parser import parse
from decisions.language.kinds import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    EMPTY,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    element_of,
    is_list,
    list_of,
)
from decisions.language.operators import coerced
from decisions.language.scope import Scope
from state.profile import Profile
from state.times import rfc3339
from state.touchpoint import Touchpoint

_NAMESPACE: dict[str, Any] = {
    **runtime.NAMESPACE,
    **fields.NAMESPACE,
    **{kind.__name__: kind for kind in (bool, float, int, len, list, sorted, str)},
    "rfc3339": rfc3339,
    "__builtins__": {},
}

_SAFE = """
def evaluate(profile, event, now_ms):
    return FAST
"""
_GUARDED = """
def evaluate(profile, event, now_ms):
    try:
        return FAST
    except FAILURES as failure:
        raise described(failure) from None
"""
_ABSORBING = """
def evaluate(profile, event, now_ms):
    try:
        return FAST
    except FAILURES:
        pass
    try:
        return SLOW
    except FAILURES as failure:
        raise described(failure) from None
"""


class Condition(Protocol):
    """A compiled condition: a plain function, since a call of anything else costs more than most
    conditions do.
    """

    reads: int
    """Bits of state.sections: the parts of the profile that it reads; NOW if its answer can change
    by time alone, EVENT if it looks at the event."""
    event_names: frozenset[str] | None
    """Names of events outside of which it is not true; None if that does not follow from it."""
    segments: frozenset[str]
    """The segments its answer depends on."""
    source: str
    fallible: bool
    """Whether it can end in an error."""
    calendar: bool
    """Whether it reads the clock or the calendar, such as an hour, off a time that moves with now,
    so that no arithmetic says when its answer changes."""

    def __call__(self, profile: Profile, touchpoint: Touchpoint, now_ms: int, /) -> bool:
        """Whether it is true at `now_ms`. Raises EvaluationError, which counts as false."""


class Value(Protocol):
    """A compiled expression of any type: a plain function, as a condition is."""

    reads: int
    segments: frozenset[str]
    type: str
    """The name of its CEL type."""

    def __call__(self, profile: Profile, touchpoint: Touchpoint, now_ms: int, /) -> Any:
        """Its value in plain JSON: a timestamp as RFC 3339 text in UTC with milliseconds, a
        duration as seconds. Raises EvaluationError, also for a double that is not finite.
        """


class Record(Protocol):
    """Several compiled expressions, as one plain function."""

    def __call__(self, profile: Profile, touchpoint: Touchpoint, now_ms: int, /) -> dict[str, Any]:
        """Their values by name. Raises EvaluationError when one of them ends in an error."""


def compile_condition(source: str, scope: Scope) -> Condition:
    """`source` as a condition. Raises ExpressionError."""
    tree = parse(source)
    checker = Checker(scope)
    code = checker.check(tree)
    flag = coerced(code, BOOL)
    if flag is None:
        raise ExpressionError("not a condition", tree.offset, BOOL, code.type)
    evaluate = cast(Condition, _function(flag))
    evaluate.reads = checker.reads
    evaluate.segments = checker.segments
    evaluate.event_names = event_names(tree)
    evaluate.source = source
    evaluate.fallible = flag.errs
    evaluate.calendar = checker.calendar
    return evaluate


def compile_value(source: str, scope: Scope) -> Value:
    """`source` as an expression of any type. Raises ExpressionError."""
    checker = Checker(scope)
    code = checker.check(parse(source))
    evaluate = cast(Value, _function(_plain(code)))
    evaluate.reads = checker.reads
    evaluate.segments = checker.segments
    evaluate.type = code.type.replace(EMPTY, list_of(DYN))
    return evaluate


def compile_record(sources: Mapping[str, str], scope: Scope) -> Record:
    """Expressions by name as one function, which costs one call instead of one for each.

    Raises ExpressionError.
    """
    codes = {name: _plain(Checker(scope).check(parse(text))) for name, text in sources.items()}
    return cast(Record, _function(record_code(codes)))


def _plain(code: Code) -> Code:
    if code.type in (BOOL, INT, STRING, NULL):
        return code
    if code.type == DOUBLE:
        return build("finite(A)", DOUBLE, code, errs=True)
    if code.type == TIMESTAMP:
        return build("rfc3339(A)", STRING, code, errs=True)
    if code.type == DURATION:
        return build("A / 1000", DOUBLE, code)
    if is_list(code.type):
        if is_list(element_of(code.type)):
            code = build("plain(A)", code.type, code, errs=True)
        item = variable("item", element_of(code.type))
        plain = _plain(item)
        if plain is item:
            return code
        made = function("item", plain)
        return build("mapped(A, B)", list_of(plain.type), code, made, errs=plain.errs)
    return build("plain(A)", code.type, code, errs=True)


def _function(code: Code) -> Any:
    template = _SAFE
    if code.errs:
        template = _GUARDED if code.slow is code.fast else _ABSORBING
    module = ast.parse(template)
    module = _Placed(code).visit(module)
    space = dict(_NAMESPACE)
    exec(compile(module, "<expression>", "exec"), space)  # noqa: S102 - all templates and constants
    return space["evaluate"]


class _Placed(ast.NodeTransformer):
    def __init__(self, code: Code) -> None:
        self._code = code

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return {"FAST": self._code.fast, "SLOW": self._code.slow}.get(node.id, node)
