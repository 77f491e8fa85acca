"""The operators: which types they take, and the Python that each becomes."""

from typing import Final

from decisions.language.code import Code, build, constant, piece
from decisions.language.errors import ExpressionError
from decisions.language.grammar.syntax import Binary, Unary
from decisions.language.kinds import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    EXACT,
    INT,
    NULL,
    ORDERED,
    STRING,
    TIMESTAMP,
    compatible,
    element_of,
    has_time,
    is_list,
    is_map,
    joined,
    list_of,
)
from decisions.language.runtime.conversions import DURATION_MAX, TIMESTAMP_MAX, TIMESTAMP_MIN
from decisions.language.runtime.numbers import INT_MAX, INT_MIN
from decisions.language.timing import binary_timed, negated

_CLASS: Final = {BOOL: "bool", INT: "int", DOUBLE: "float", STRING: "str"}

_ANY: Final = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "modulo"}
"""The functions for two values of which nothing is known."""


def _within(low: int, high: int, sum_: str, kind: str) -> str:
    return f"it if {low} <= (it := {sum_}) <= {high} else out_of_range('{kind}')"


def _moment(sum_: str) -> str:
    return _within(TIMESTAMP_MIN, TIMESTAMP_MAX, sum_, TIMESTAMP)


def _span(sum_: str) -> str:
    return _within(-DURATION_MAX, DURATION_MAX, sum_, DURATION)


def _int(sum_: str) -> str:
    return _within(INT_MIN, INT_MAX, sum_, INT)


# (operator, left, right) → (result, template, whether it can err by itself)
_ARITHMETIC: Final = {
    ("+", INT, INT): (INT, _int("A + B"), True),
    ("-", INT, INT): (INT, _int("A - B"), True),
    ("*", INT, INT): (INT, _int("A * B"), True),
    ("/", INT, INT): (INT, "divide(A, B)", True),
    ("%", INT, INT): (INT, "modulo(A, B)", True),
    ("+", DOUBLE, DOUBLE): (DOUBLE, "A + B", False),
    ("-", DOUBLE, DOUBLE): (DOUBLE, "A - B", False),
    ("*", DOUBLE, DOUBLE): (DOUBLE, "A * B", False),
    ("/", DOUBLE, DOUBLE): (DOUBLE, "divide(A, B)", False),
    ("+", STRING, STRING): (STRING, "joined_texts(A, B)", True),
    ("+", TIMESTAMP, DURATION): (TIMESTAMP, _moment("A + B"), True),
    ("+", DURATION, TIMESTAMP): (TIMESTAMP, _moment("A + B"), True),
    ("-", TIMESTAMP, DURATION): (TIMESTAMP, _moment("A - B"), True),
    ("-", TIMESTAMP, TIMESTAMP): (DURATION, "A - B", False),
    ("+", DURATION, DURATION): (DURATION, _span("A + B"), True),
    ("-", DURATION, DURATION): (DURATION, _span("A - B"), True),
}


def coerced(code: Code, kind: str) -> Code | None:
    """`code` as a piece of type `kind`, checked at run time if it is dyn; None if it cannot be."""
    if code.type == kind:
        return code
    if code.type != DYN or kind not in _CLASS:
        return None
    check = f"it if (it := A).__class__ is {_CLASS[kind]} else mistyped('{kind}', it)"
    return build(check, kind, code, errs=True)


def unary(node: Unary, operand: Code) -> Code:
    """! or - of an operand."""
    if node.operator == "!":
        flag = coerced(operand, BOOL)
        if flag is None:
            raise ExpressionError("! turns a condition round", node.offset, BOOL, operand.type)
        return build("not A", BOOL, flag)
    if operand.type == INT:
        return build(_int("-A"), INT, operand, errs=True)
    if operand.type == DOUBLE:
        return negated(build("-A", DOUBLE, operand), operand)
    if operand.type == DYN:
        return build("negate(A)", DYN, operand, errs=True)
    raise ExpressionError("- needs a number", node.offset, "int or double", operand.type)


def binary(node: Binary, left: Code, right: Code) -> Code:
    """An arithmetic operator, a comparison or `in`, of two operands."""
    operator = node.operator
    if operator in ("==", "!="):
        code = _equality(left, right)
        if code is not None and operator == "!=":
            code = build("not A", BOOL, code)
    elif operator == "in":
        code = _membership(left, right)
        if code is None:
            raise _no_member(node, left, right)
    elif operator in _ANY:
        code = _arithmetic(operator, left, right)
    else:
        code = _comparison(operator, left, right)
    if code is None:
        raise _mismatch(node, left, right)
    return binary_timed(operator, left, right, code)


def _arithmetic(operator: str, left: Code, right: Code) -> Code | None:
    if left.type == DYN and right.type == DYN:
        return build(f"{_ANY[operator]}(A, B)", DYN, left, right, errs=True)
    # What is unknown must be of the type that is known, or it is an error at run time.
    kinds = (right.type if left.type == DYN else left.type, right.type)
    kinds = (kinds[0], left.type) if right.type == DYN else kinds
    if operator == "+" and is_list(kinds[0]) and is_list(kinds[1]):
        return _concatenation(left, right)
    found = _ARITHMETIC.get((operator, *kinds))
    one, other = coerced(left, kinds[0]), coerced(right, kinds[1])
    if found is None or one is None or other is None:
        return None
    kind, template, errs = found
    if template == "divide(A, B)" and kind == DOUBLE and right.literal:
        template = "A / B"
    return build(template, kind, one, other, errs=errs)


def _concatenation(left: Code, right: Code) -> Code | None:
    if not compatible(left.type, right.type):
        return None
    if DYN in (left.type, right.type):
        return build("add(A, B)", list_of(DYN), left, right, errs=True)
    return build("joined_lists(A, B)", joined(left.type, right.type), left, right, errs=True)


def _comparison(operator: str, left: Code, right: Code) -> Code | None:
    if left.type == right.type and left.type in ORDERED:
        return build(f"A {operator} B", BOOL, left, right)
    if left.type == DYN and right.type == DYN:
        function = "less" if operator in ("<", ">") else "at_most"
        swapped = operator in (">", ">=")
        operands = (right, left) if swapped else (left, right)
        return build(f"{function}(A, B)", BOOL, *operands, errs=True)
    if DYN not in (left.type, right.type):
        return None
    known = right.type if left.type == DYN else left.type
    if known in (INT, DOUBLE):
        # Numbers of any type have an order; of what is not a number Python refuses all but bool.
        number = "(it if (it := {}).__class__ is not bool else mistyped('a number', it))"
        template = f"{number.format('A')} {operator} B"
        if right.type == DYN:
            template = f"A {operator} {number.format('B')}"
        return build(template, BOOL, left, right, errs=True)
    one, other = coerced(left, known), coerced(right, known)
    if one is None or other is None:
        return None
    return build(f"A {operator} B", BOOL, one, other)


def _equality(left: Code, right: Code) -> Code | None:
    if left.type == right.type and (left.type in EXACT or left.type == DOUBLE):
        return build("A == B", BOOL, left, right)
    if not compatible(left.type, right.type):
        return None
    known, unknown = (left, right) if right.type == DYN else (right, left)
    if unknown.type == DYN:
        if known.type == NULL:
            return build("A is None", BOOL, unknown)
        if known.type == BOOL:
            return build("A is B", BOOL, unknown, known)
        if known.type == STRING:
            return build("A == B", BOOL, unknown, known)
        if known.type in (INT, DOUBLE):
            return build("(it := A) == B and it.__class__ is not bool", BOOL, unknown, known)
    # Two values that may hold many more, which are compared only so far.
    return build("equal(A, B)", BOOL, left, right, errs=True)


def _membership(left: Code, right: Code) -> Code | None:
    if is_list(right.type):
        element = element_of(right.type)
        if not compatible(left.type, element):
            return None
        if element == STRING and right.literal is not None:
            node = constant(frozenset(right.literal))
            texts = piece(node, right.type)
            if left.type == STRING:
                return build("A in B", BOOL, left, texts)
            return build("(it := A).__class__ is str and it in B", BOOL, left, texts)
        if left.type == element and element in EXACT:
            return build("A in B", BOOL, left, right)
    elif is_map(right.type):
        if left.type == STRING:
            return build("A in B", BOOL, left, right)
        if left.type != DYN:
            return None
    elif right.type != DYN or has_time(left.type):
        return None
    return build("contains(A, B)", BOOL, left, right, errs=True)


def _no_member(node: Binary, left: Code, right: Code) -> ExpressionError:
    if is_list(right.type) or is_map(right.type):
        what = "what is looked for is of another type than what is there"
        return ExpressionError(what, node.left.offset, element_of(right.type), left.type)
    what = "`in` looks into a list or a map; for a part of a text write text.contains(part)"
    return ExpressionError(what, node.right.offset, "list or map", right.type)


def _mismatch(node: Binary, left: Code, right: Code) -> ExpressionError:
    what = f"{node.operator} cannot join these two"
    kinds = {left.type, right.type}
    if kinds == {INT, DOUBLE} and node.operator != "%":
        return _mixed_numbers(node, what, left, right)
    known = left if right.type == DYN else right
    if DYN in kinds and known.type in (TIMESTAMP, DURATION):
        offset = node.right.offset if known is left else node.left.offset
        what += f": write {known.type}(...) around what the event brings"
        return ExpressionError(what, offset, known.type, DYN)
    expected = _right_types(node.operator, left.type)
    if not expected:
        what = f"{node.operator} does not take this"
        return ExpressionError(what, node.left.offset, _left_types(node.operator), left.type)
    return ExpressionError(what, node.right.offset, expected, right.type)


def _mixed_numbers(node: Binary, what: str, left: Code, right: Code) -> ExpressionError:
    """An int with a double; the one that is a literal is the one to change."""
    whole, double = (left, right) if left.type == INT else (right, left)
    places = {id(left): node.left.offset, id(right): node.right.offset}
    if whole.literal is None and double.literal is not None and double.literal.is_integer():
        what += f": write {double.literal:.0f}"
        return ExpressionError(what, places[id(double)], INT, DOUBLE)
    hint = "double(...) around it" if whole.literal is None else f"{whole.literal}.0"
    return ExpressionError(f"{what}: write {hint}", places[id(whole)], DOUBLE, INT)


def _left_types(operator: str) -> str:
    if operator in _ANY:
        return " or ".join(dict.fromkeys(kind for (o, kind, _) in _ARITHMETIC if o == operator))
    return " or ".join(sorted(ORDERED))


def _right_types(operator: str, left: str) -> str:
    """What may stand at the right of `left`, in words; "" if nothing may."""
    if operator in _ANY:
        kinds = [r for (o, le, r) in _ARITHMETIC if o == operator and le == left]
        if operator == "+" and is_list(left):
            kinds.append(left)
        return " or ".join(kinds)
    if operator in ("==", "!="):
        return left
    return left if left in ORDERED else ""
