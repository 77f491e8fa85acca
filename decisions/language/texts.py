"""The methods of texts, and join() of a list of them."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from decisions.language.code import Code, build
from decisions.language.errors import ExpressionError, shown
from decisions.language.grammar.syntax import Call
from decisions.language.kinds import BOOL, DYN, EMPTY, INT, STRING, list_of
from decisions.language.operators import coerced
from decisions.language.runtime.texts import BadPattern, pattern

MAX_PATTERN: Final = 256
"""Characters of a regular expression."""


class _Method(NamedTuple):
    result: str
    templates: tuple[str, ...]
    """By how many arguments it is called with, from the fewest on; A is the text."""
    takes: tuple[str, ...] = ()
    """The types of the arguments, the last of which need not be there."""
    errs: bool = False

    @property
    def fewest(self) -> int:
        return len(self.takes) + 1 - len(self.templates)


_METHODS: Final = {
    "startsWith": _Method(BOOL, ("A.startswith(B)",), (STRING,)),
    "endsWith": _Method(BOOL, ("A.endswith(B)",), (STRING,)),
    "contains": _Method(BOOL, ("B in A",), (STRING,)),
    "matches": _Method(BOOL, ("matches(A, B)",), (STRING,)),
    "lowerAscii": _Method(STRING, ("lower_ascii(A)",)),
    "upperAscii": _Method(STRING, ("upper_ascii(A)",)),
    "trim": _Method(STRING, ("A.strip(SPACES)",)),
    "replace": _Method(STRING, ("replaced(A, B, C)",), (STRING, STRING), errs=True),
    "substring": _Method(STRING, ("substring(A, B)", "substring(A, B, C)"), (INT, INT), errs=True),
    "indexOf": _Method(INT, ("index_of(A, B)", "index_of(A, B, C)"), (STRING, INT), errs=True),
    "split": _Method(list_of(STRING), ("split(A, B)", "split(A, B, C)"), (STRING, INT), errs=True),
    "join": _Method(STRING, ("join(A)", "join(A, B)"), (STRING,), errs=True),
}

TEXTS: Final = tuple(_METHODS)


def text_method(node: Call, target: Code, arguments: Sequence[Code]) -> Code:
    """text.name(arguments)."""
    method = _METHODS[node.name]
    given = len(arguments)
    if not method.fewest <= given <= len(method.takes):
        most = len(method.takes)
        expected = str(most) if method.fewest == most else f"{method.fewest} to {most}"
        what = f"{node.name}() takes {expected if most else 'no'} arguments"
        if most == method.fewest == 1:
            what = f"{node.name}() takes one argument"
        raise ExpressionError(what, node.offset, expected, str(given))
    operands = [_text(node, target)]
    for written, kind, argument in zip(node.arguments, method.takes, arguments, strict=False):
        operand = coerced(argument, kind)
        if operand is None:
            what = f"{node.name}() is about texts"
            raise ExpressionError(what, written.offset, kind, argument.type)
        operands.append(operand)
    if node.name == "matches":
        _check_pattern(node.arguments[0].offset, arguments[0])
    template = method.templates[given - method.fewest]
    return build(template, method.result, *operands, errs=method.errs)


def _text(node: Call, target: Code) -> Code:
    if node.name == "join":
        if target.type in (list_of(STRING), list_of(DYN), EMPTY, DYN):
            return target
        what = "join() makes one text of a list of texts"
        raise ExpressionError(what, node.offset, list_of(STRING), target.type)
    text = coerced(target, STRING)
    if text is None:
        what = f"{node.name}() is about texts"
        raise ExpressionError(what, node.offset, STRING, target.type)
    return text


def _check_pattern(offset: int, written: Code) -> None:
    source = written.literal
    if not isinstance(source, str):
        what = "matches() takes a pattern that is known now"
        raise ExpressionError(what, offset, 'a text such as "^kids-"', "an expression")
    if len(source) > MAX_PATTERN:
        what = "the pattern is too long"
        raise ExpressionError(what, offset, f"at most {MAX_PATTERN} characters", str(len(source)))
    try:
        pattern(source)
    except BadPattern as error:
        what = f"not a pattern: {shown(str(error))}"
        raise ExpressionError(what, offset, "a regular expression of RE2", shown(source)) from None
