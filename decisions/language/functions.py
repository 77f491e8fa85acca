"""The functions: which types they take, and the Python that each becomes."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from decisions.language.code import Code, build, literal
from decisions.language.errors import EvaluationError, ExpressionError, nearest, shown
from decisions.language.getters import GETTERS, getter
from decisions.language.grammar.syntax import Call
from decisions.language.history import HISTORY_FUNCTIONS
from decisions.language.kinds import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    is_list,
    is_map,
)
from decisions.language.runtime.conversions import (
    FORMS,
    duration_text,
    timestamp_text,
    to_bool,
    to_double,
    to_duration,
    to_int,
    to_string,
    to_timestamp,
)
from decisions.language.texts import TEXTS, text_method

_CONVERSION: Final[dict[str, tuple[Callable[[Any], int | float | str], tuple[str, ...]]]] = {
    BOOL: (to_bool, (BOOL, STRING)),
    INT: (to_int, (INT, DOUBLE, STRING)),
    DOUBLE: (to_double, (DOUBLE, INT, STRING)),
    STRING: (to_string, (STRING, INT, DOUBLE, BOOL, TIMESTAMP, DURATION)),
    TIMESTAMP: (to_timestamp, (TIMESTAMP, STRING, INT)),
    DURATION: (to_duration, (DURATION, STRING)),
}
"""Type, which is also the function's name → what converts to it, and the types it takes."""

_TIME_TEXT: Final = {TIMESTAMP: timestamp_text, DURATION: duration_text}

MACROS: Final = ("exists", "all", "exists_one", "filter", "map")

METHODS: Final = (*TEXTS, *GETTERS, "size", *MACROS)

FUNCTIONS: Final = (*_CONVERSION, "size", "has", "in_segment", *HISTORY_FUNCTIONS)


def must_exist(node: Call) -> None:
    """Raises ExpressionError where a function or method is called that there is not."""
    known, other = (FUNCTIONS, METHODS) if node.target is None else (METHODS, FUNCTIONS)
    if node.name not in known:
        what = "an unknown function" if node.target is None else "an unknown method"
        if node.name in other:
            form = "value.name()" if node.target is None else "name(value)"
            what = f"{node.name}() is called as {form.replace('name', node.name)}"
        expected = f"one of {', '.join(known)}"
        near = nearest(node.name, known)
        raise ExpressionError(what, node.offset, expected, shown(node.name), near)


def called(node: Call, arguments: Sequence[Code]) -> Code:
    """name(arguments), has(), in_segment() and what looks back apart."""
    count(node, 1)
    offset = node.arguments[0].offset
    if node.name == "size":
        return _size(offset, arguments[0])
    return _converted(node.name, offset, arguments[0])


def method(node: Call, target: Code, arguments: Sequence[Code]) -> Code:
    """target.name(arguments), macros apart."""
    if node.name == "size":
        count(node, 0)
        return _size(node.offset, target)
    if node.name in GETTERS:
        return getter(node, target, arguments)
    return text_method(node, target, arguments)


def _size(offset: int, value: Code) -> Code:
    if value.type == DYN:
        return build("size(A)", INT, value, errs=True)
    if value.type == STRING or is_list(value.type) or is_map(value.type):
        return build("len(A)", INT, value)
    raise ExpressionError("size() counts", offset, "string, list or map", value.type)


def _converted(kind: str, offset: int, value: Code) -> Code:
    convert, sources = _CONVERSION[kind]
    if value.type != DYN and value.type not in sources:
        what = f"{kind}() does not take this"
        raise ExpressionError(what, offset, " or ".join(sources), value.type)
    if value.type == kind:
        return value
    if kind == STRING and value.type in _TIME_TEXT:
        function = _TIME_TEXT[value.type].__name__
        return build(f"{function}(A)", STRING, value, errs=value.type == TIMESTAMP)
    if value.literal is not None:
        try:
            return literal(convert(value.literal), kind)
        except EvaluationError:
            written = shown(str(value.literal))
            raise ExpressionError(f"not a {kind}", offset, FORMS[kind], written) from None
    if value.type == INT and kind == DOUBLE:
        return build("float(A)", DOUBLE, value)
    return build(f"to_{kind}(A)", kind, value, errs=True)


def count(node: Call, expected: int) -> None:
    """Raises ExpressionError where it is called with another number of arguments."""
    if len(node.arguments) != expected:
        what = f"{node.name}() takes {'one argument' if expected else 'no argument'}"
        raise ExpressionError(what, node.offset, str(expected), str(len(node.arguments)))
