"""Source text → a Python function that is called for each event."""

import ast
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast

from decisions.language.changes import Changes, at_once, changes_function, untimely
from decisions.language.checker import Checker
from decisions.language.code import Code, build, function, record_code, variable
from decisions.language.errors import ExpressionError
from decisions.language.event_names import event_names
from decisions.language.grammar.parser import parse
from decisions.language.history import Remembered, Tracked
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
from decisions.language.python import evaluator
from decisions.language.scope import Scope
from state.profile import Profile
from state.touchpoint import Touchpoint
from state.windows import buckets


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
    timely: str
    """"" if it can be told when its answer changes by time alone; else where and why not."""
    changes_at: Changes
    """When its answer may change by time alone; if it is not timely, the next millisecond."""
    instants: tuple[ast.expr, ...]
    """The same as Python: instants, of which the first counts (see `compile_changes`)."""
    history: tuple[Remembered, ...]
    """What must be remembered of the customer's events for its history functions."""

    def __call__(self, profile: Profile, touchpoint: Touchpoint, now_ms: int, /) -> bool:
        """Whether it is true at `now_ms`. Raises EvaluationError, which counts as false."""


class Value(Protocol):
    """A compiled expression of any type: a plain function, as a condition is."""

    reads: int
    segments: frozenset[str]
    type: str
    """The name of its CEL type."""
    source: str
    history: tuple[Remembered, ...]

    def __call__(self, profile: Profile, touchpoint: Touchpoint, now_ms: int, /) -> Any:
        """Its value in plain JSON: a timestamp as RFC 3339 text in UTC with milliseconds, a
        duration as seconds. Raises EvaluationError, also for a double that is not finite.
        """


class Record(Protocol):
    """Several compiled expressions, as one plain function."""

    def __call__(self, profile: Profile, touchpoint: Touchpoint, now_ms: int, /) -> dict[str, Any]:
        """Their values by name. Raises EvaluationError when one of them ends in an error."""


def compile_condition(source: str, scope: Scope, *, timely: bool = False) -> Condition:
    """`source` as a condition. Raises ExpressionError, with `timely` also where it cannot be told
    when the answer changes by time alone."""
    tree = parse(source)
    checker = Checker(scope)
    code = checker.check(tree)
    flag = coerced(code, BOOL)
    if flag is None:
        raise ExpressionError("not a condition", tree.offset, BOOL, code.type)
    flaw = untimely(flag.course)
    if timely and flaw is not None:
        raise flaw
    evaluate = cast(Condition, evaluator(flag))
    evaluate.reads = checker.reads
    evaluate.segments = checker.segments
    evaluate.event_names = event_names(tree)
    evaluate.source = source
    evaluate.fallible = flag.errs
    evaluate.timely = "" if flaw is None else str(flaw)
    evaluate.instants = flag.course.changes
    evaluate.changes_at = at_once if flaw else changes_function(evaluate.instants)
    evaluate.history = tuple(checker.history.values())
    return evaluate


def compile_changes(conditions: Iterable[Condition]) -> Changes:
    """When the first of several answers may change by time alone, in one call for all of them.

    Raises ValueError if one of them is not timely.
    """
    instants: list[ast.expr] = []
    for condition in conditions:
        if condition.timely:
            raise ValueError(f"{condition.source}: {condition.timely}")
        instants += condition.instants
    return changes_function(instants)


def compile_value(source: str, scope: Scope) -> Value:
    """`source` as an expression of any type. Raises ExpressionError."""
    checker = Checker(scope)
    code = checker.check(parse(source))
    evaluate = cast(Value, evaluator(_plain(code)))
    evaluate.reads = checker.reads
    evaluate.segments = checker.segments
    evaluate.type = code.type.replace(EMPTY, list_of(DYN))
    evaluate.source = source
    evaluate.history = tuple(checker.history.values())
    return evaluate


def compile_record(sources: Mapping[str, str], scope: Scope) -> Record:
    """Expressions by name as one function, which costs one call instead of one for each.

    Raises ExpressionError.
    """
    codes = {name: _plain(Checker(scope).check(parse(text))) for name, text in sources.items()}
    return cast(Record, evaluator(record_code(codes)))


def compile_tracked(remembered: Remembered) -> Tracked:
    """What is remembered, with functions that say of an event whether it fits."""
    counted = remembered.window_ms and remembered.then is None
    unit_ms, before = buckets(remembered.window_ms) if counted else (0, 0)
    return Tracked(
        key=remembered.key,
        source=remembered.source,
        event_names=remembered.event_names,
        window_ms=remembered.window_ms,
        unit_ms=unit_ms,
        before=before,
        fits=evaluator(remembered.fits),
        then=None if remembered.then is None else evaluator(remembered.then),
        amount=None if remembered.amount is None else evaluator(remembered.amount),
    )


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
