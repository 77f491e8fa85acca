"""Tests of one field: {field: profile.orders.count, at_least: 3}."""

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from decisions.document import Node, Scalar
from decisions.format.condition_keys import MAX_TOGETHER, OF_A_FIELD
from decisions.language import (
    BOOL,
    DOUBLE,
    INT,
    STRING,
    ExpressionError,
    Scope,
    compile_condition,
    compile_value,
)
from decisions.language.grammar.parser import parse
from decisions.language.kinds import DYN, TIMESTAMP, element_of, is_list
from decisions.nodes import json_value, quote, show
from decisions.structured.path import is_path, path_of, presence, steps_there
from decisions.structured.source import Source, joined, negated, quoted
from state.times import rfc3339

if TYPE_CHECKING:
    from decisions.reading import Reader

_COMPARE: Final = {
    "is": "==",
    "not": "==",
    "more_than": ">",
    "at_least": ">=",
    "less_than": "<",
    "at_most": "<=",
}
_OF_TEXT: Final = {
    "contains": "contains",
    "starts_with": "startsWith",
    "ends_with": "endsWith",
    "matches": "matches",
}
_AGO: Final = {"within": "<=", "older_than": ">"}
_NEGATED: Final = ("not", "not_in")
_FOR_PRESENCE: Final = ("present", "missing")


class _Field(NamedTuple):
    text: str
    type: str
    """"" where it is only asked for, and need not have a value itself."""
    there: tuple[Source, ...]
    """What must be true for it to be there; none if it always is."""


class FieldTest:
    """Writes such a mapping out; what is wrong is noted with `reader`, at its place."""

    def __init__(self, reader: "Reader", scope: Scope) -> None:
        self._reader = reader
        self._scope = scope

    def expression(self, nodes: dict[str, Node], where: str, node: Node) -> Source | None:
        """What `nodes`, the entries of `node`, mean; None where something is wrong."""
        tests = {name: value for name, value in nodes.items() if name != "field"}
        if not tests:
            self._reader.problem(node, where, OF_A_FIELD.needs, "none")
            return None
        field = self._field(nodes["field"], f"{where}.field", set(tests))
        if field is None:
            return None
        found = [self._test(field, name, value, where) for name, value in tests.items()]
        parts = [part for part in found if part is not None]
        return joined("&&", parts) if len(parts) == len(found) else None

    def _field(self, node: Node, where: str, tests: set[str]) -> _Field | None:
        if not isinstance(node, Scalar):
            self._reader.problem(node, where, "a field such as profile.orders.count", show(node))
            return None
        tree = self._reader.compiled_at(node, 0, node.text, where, parse)
        if tree is None:
            return None
        if not is_path(tree):
            expected = "a field such as profile.orders.count (an expression stands without `field`)"
            self._reader.problem(node, where, expected, quote(node.text))
            return None
        path = path_of(tree)
        there = tuple(Source(step) for step in steps_there(tree))
        if tests.issubset(_FOR_PRESENCE):
            there = there or (Source(presence(tree) or "has()"),)
            asked = self.checked(node, where, joined("&&", there))
            return None if asked is None else _Field(path, "", there)
        value = self._reader.compiled_at(
            node, 0, node.text, where, lambda source: compile_value(source, self._scope)
        )
        return None if value is None else _Field(path, value.type, there)

    def _test(self, field: _Field, name: str, node: Node, where: str) -> Source | None:
        """One test; before it, the question whether the field is there."""
        where = f"{where}.{name}"
        if name in _FOR_PRESENCE:
            return self._presence(field, name, node, where)
        text = self._comparison(field, name, node, where)
        if text is None or self.checked(node, where, Source(text)) is None:
            return None
        source = joined("&&", [*field.there, Source(text)])
        return negated(source) if name in _NEGATED else source

    def _presence(self, field: _Field, name: str, node: Node, where: str) -> Source | None:
        before = len(self._reader.problems)
        wanted = self._reader.flag(node, where) is (name == "present")
        if not field.there:
            self._reader.problem(node, where, "a field that can be missing", field.text)
        if len(self._reader.problems) > before:
            return None
        source = joined("&&", field.there)
        return source if wanted else negated(source)

    def _comparison(self, field: _Field, name: str, node: Node, where: str) -> str | None:
        if name in _AGO:
            if field.type != TIMESTAMP:
                expected = f"a test of a {field.type}, which {field.text} is"
                self._reader.problem(node, where, expected, "one of a time")
                return None
            if self._reader.duration(node, where) is None or not isinstance(node, Scalar):
                return None
            return f'now - {field.text} {_AGO[name]} duration("{node.text}")'
        if name in ("in", "not_in"):
            items = self._reader.items(node, where, 1, MAX_TOGETHER)
            values = [self._value(item, at, field.type) for at, item in items]
            known = [value for value in values if value is not None]
            complete = known and len(known) == len(values)
            return f"{field.text} in [{', '.join(known)}]" if complete else None
        if name == "contains" and is_list(field.type):
            value = self._value(node, where, element_of(field.type))
            return value and f"{value} in {field.text}"
        if name in _OF_TEXT:
            value = self._value(node, where, STRING)
            return value and f"{field.text}.{_OF_TEXT[name]}({value})"
        value = self._value(node, where, field.type)
        return value and f"{field.text} {_COMPARE[name]} {value}"

    def _value(self, node: Node, where: str, kind: str) -> str | None:
        """What is written at `node`, as a literal of type `kind`."""
        if kind == TIMESTAMP:
            moment = self._reader.moment(node, where, end=False)
            return None if moment is None else f'timestamp("{rfc3339(moment)}")'
        value = json_value(node) if isinstance(node, Scalar) else None
        if isinstance(node, Scalar) and kind == STRING and value is not None:
            value = node.text
        text = _literal(value, kind)
        if text is None:
            expected = {
                STRING: "a text",
                INT: "a whole number",
                DOUBLE: "a number",
                BOOL: "true or false",
                DYN: "a text, a number, true or false",
            }.get(kind, f"another test, as the field is of type {kind}")
            self._reader.problem(node, where, expected, show(node))
        return text

    def checked(self, node: Node, where: str, source: Source) -> Source | None:
        """`source`, if it is a condition; what is wrong with it is noted at `node`."""
        try:
            compile_condition(source.text, self._scope)
        except ExpressionError as error:
            what = f"{where}; {error.message}"
            self._reader.problem(node, what, error.expected, error.got, error.nearest)
            return None
        return source


def _literal(value: Any, kind: str) -> str | None:
    """A plain value as a literal of type `kind`; None where it cannot be one."""
    if isinstance(value, str):
        return quoted(value) if kind in (STRING, DYN) else None
    if isinstance(value, bool):
        return str(value).lower() if kind in (BOOL, DYN) else None
    if isinstance(value, int) and kind in (INT, DYN):
        return str(value)
    if isinstance(value, int | float) and kind in (DOUBLE, DYN) and math.isfinite(value):
        return repr(float(value))
    return None
