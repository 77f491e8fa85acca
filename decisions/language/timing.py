"""What becomes of times and fading scores where they are added, compared or chosen from.

Each function takes or gives a `Course`; what no rule here knows falls to `course.together`.
"""

import ast
from dataclasses import replace
from typing import Final

from decisions.language.code import Code, build, function, piece
from decisions.language.course import STAYS, Course, together
from decisions.language.kinds import DURATION, INT, TIMESTAMP
from decisions.language.runtime.conversions import DURATION_MAX, TIMESTAMP_MAX, TIMESTAMP_MIN

_RANGE: Final = {
    TIMESTAMP: (TIMESTAMP_MIN, TIMESTAMP_MAX),
    DURATION: (-DURATION_MAX, DURATION_MAX),
}

_MIRRORED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}

# With A - B growing by {} each ms: the first ms at which it is above 0; at least 0; and either 0 or
# no longer 0.
_ABOVE: Final = "0 if (it := A - B) > 0 else now_ms + -it // {} + 1"
_REACHED: Final = "0 if (it := A - B) >= 0 else now_ms - it // {}"
_MET: Final = "0 if (it := A - B) > 0 or it % {0} else now_ms - it // {0} if it < 0 else now_ms + 1"
_CROSSED: Final = {
    ">": _ABOVE,
    "<=": _ABOVE,
    ">=": _REACHED,
    "<": _REACHED,
    "==": _MET,
    "!=": _MET,
}

_NEWEST: Final = "newest(profile.affinity)"


def steps(template: str, *operands: Code) -> Course:
    """Of a value that stays as it is until the instant that `template` gives: ms, 0 = never.

    It is a template as those of `code.build`; where it raises, the instant counts as never: it must
    do so only if the value is an error then, too, and stays one.
    """
    return together(
        *(operand.course for operand in operands), Course((instant(template, *operands),))
    )


def instant(template: str, *operands: Code) -> ast.expr:
    """Python of an instant, which raises nothing."""
    code = build(template, INT, *operands)
    if code.errs:
        code = build("unless_failing(lambda: A)", INT, code)
    return code.slow


def binary_timed(operator: str, left: Code, right: Code, code: Code) -> Code:
    """`code`, which is left operator right, with its course."""
    one, other = left.course, right.course
    if one.untold or other.untold or (one.stays and other.stays):
        return code
    if one.fades or other.fades:
        # A score is followed only together with what stays for ever.
        return code if one.changes or other.changes else _faded(operator, left, right, code)
    if operator in ("+", "-"):
        return replace(code, course=_sum(operator, left, right, code.type))
    if operator in _CROSSED:
        return replace(code, course=_crossing(operator, left, right))
    return code


def _sum(operator: str, left: Code, right: Code, kind: str) -> Course:
    slope = left.course.slope + (right.course.slope if operator == "+" else -right.course.slope)
    changes = left.course.changes + right.course.changes
    if slope and not left.type == right.type == TIMESTAMP and not _near_now(left, right):
        low, high = _RANGE[kind]
        edge = f"edge(A {operator} B, {slope}, {low}, {high}, now_ms)"
        changes = (*changes, instant(edge, left, right))
    return Course(changes, slope)


def _near_now(left: Code, right: Code) -> bool:
    """Whether they are `now` and a literal of less than 1,000 years: no time that anybody knows
    brings their sum out of range."""
    moment, span = (left, right) if right.literal is not None else (right, left)
    is_now = isinstance(moment.slow, ast.Name) and moment.slow.id == "now_ms"
    return is_now and span.literal is not None and abs(span.literal) < DURATION_MAX // 10


def _crossing(operator: str, left: Code, right: Code) -> Course:
    changes = left.course.changes + right.course.changes
    slope = left.course.slope - right.course.slope
    if slope < 0:
        left, right, slope, operator = right, left, -slope, _MIRRORED[operator]
    if slope:
        crossed = instant(_CROSSED[operator].format(slope), left, right)
        changes = (crossed, *changes)
    return Course(changes)


def _faded(operator: str, left: Code, right: Code, code: Code) -> Code:
    one, other = left.course, right.course
    if one.fades and other.fades:
        if operator in _CROSSED or operator == "/":
            # All scores fade at one rate, so this is the same at every instant but for rounding:
            # it is asked as of the newest of them, whatever the time.
            asked = f"(lambda now_ms: A)({_NEWEST})"
            return replace(build(asked, code.type, code), course=STAYS)
        if operator == "+" and not one.signed and not other.signed:
            return replace(code, course=Course(fades=True))
        if operator in ("+", "-"):
            # A difference of scores would turn where one is from later than now, and tremble by
            # rounding: so it is taken once, as of the newest, and fades from then on.
            fading = f"decayed((lambda now_ms: A)(it := {_NEWEST}), it, now_ms)"
            return replace(build(fading, code.type, code), course=Course(fades=True, signed=True))
        return code
    score, bound = (left, right) if one.fades else (right, left)
    if operator in _CROSSED:
        return replace(code, course=_fading_crossing(operator, score, bound, code))
    if operator == "*" or (operator == "/" and score is left):
        signed = score.course.signed or bound.literal is None or bound.literal < 0
        return replace(code, course=Course(fades=True, signed=signed))
    return code


def _fading_crossing(operator: str, score: Code, bound: Code, code: Code) -> Course:
    if operator in ("==", "!="):
        code = build("(A > B) - (A < B)", INT, score, bound)
    found = "faded_across(lambda now_ms: C, A, B, now_ms)"
    if isinstance(bound.literal, int | float) and bound.literal > 0:
        found += " if A >= B else 0"  # said here, as most scores are below: it costs no call
    return Course((instant(found, score, bound, code),))


def negated(code: Code, operand: Code) -> Code:
    """`code`, which is -operand, with its course."""
    if operand.course.fades and not operand.course.changes:
        return replace(code, course=Course(fades=True, signed=True))
    return code


def chosen(code: Code, condition: Code, then: Code, otherwise: Code) -> Code:
    """`code`, which is condition ? then : otherwise, with its course."""
    asked, one, other = condition.course, then.course, otherwise.course
    if asked.untold or one.untold or other.untold:
        return code
    changes = asked.changes + one.changes + other.changes
    if one.slope and one.slope == other.slope:
        return replace(code, course=Course(changes, one.slope))
    if one.fades and other.fades and not changes:
        return replace(code, course=Course(fades=True, signed=one.signed or other.signed))
    return code


def over(items: Code, parameter: str, body: Code) -> Course:
    """Of what a macro makes of `body`, asked of each of `items` under the name `parameter`."""
    if not body.course.changes or not body.course.stays:
        return together(items.course, body.course)
    asked = [function(parameter, piece(change, INT)) for change in body.course.changes]
    found = [instant("earliest(*mapped(A, B))", items, made) for made in asked]
    return together(items.course, Course(tuple(found)))
