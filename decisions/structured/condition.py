"""Conditions joined by all, any and none, and what stands in them."""

from typing import TYPE_CHECKING, Final

from decisions.document import Mapping, Node, Scalar, Sequence
from decisions.format.condition_keys import (
    FORMS,
    IN_SEGMENT,
    MAX_CONDITIONS,
    OF_A_FIELD,
    TOGETHER,
)
from decisions.format.keys import Items
from decisions.language import Scope, compile_condition
from decisions.language.grammar.lexer import MAX_CHARACTERS
from decisions.language.grammar.parser import parse
from decisions.nodes import is_empty, show
from decisions.structured.field_test import FieldTest
from decisions.structured.source import Source, joined, negated, quoted, top

if TYPE_CHECKING:
    from decisions.reading import Reader

_KEYS: Final = tuple(name for form in FORMS for name in form.names)


class Structured:
    """Writes one condition out; what is wrong is noted with `reader`, at its place."""

    def __init__(self, reader: "Reader", scope: Scope) -> None:
        self._reader = reader
        self._scope = scope
        self._field_test = FieldTest(reader, scope)
        self._left = MAX_CONDITIONS
        self._room = MAX_CHARACTERS

    def expression(self, node: Mapping, where: str) -> str | None:
        """The expression that `node` means; None where something is wrong."""
        found = self._mapping(node, where)
        return None if found is None else found.text

    def _one(self, node: Node, where: str) -> Source | None:
        if isinstance(node, Mapping):
            return self._mapping(node, where)
        length = len(node.text) if isinstance(node, Scalar) else 0
        if not self._counted(node, where, length):
            return None
        if isinstance(node, Sequence) or is_empty(node) or not node.text.strip():
            expected = "an expression, or a mapping such as any: [...]"
            self._reader.problem(node, where, expected, show(node))
            return None
        condition = self._reader.compiled_at(
            node, 0, node.text, where, lambda text: compile_condition(text, self._scope)
        )
        return None if condition is None else Source(node.text.strip(), top(parse(node.text)))

    def _counted(self, node: Node, where: str, length: int = 0) -> bool:
        """Whether there is room for one more, of so many characters; that there is not is said
        once."""
        full = self._left < 0 or self._room < 0
        self._left -= 1
        self._room -= length
        if self._left < 0 and not full:
            self._reader.problem(node, where, f"at most {MAX_CONDITIONS} conditions", "more")
        elif self._room < 0 and not full:
            expected = f"at most {MAX_CHARACTERS:,} characters in one condition"
            self._reader.problem(node, where, expected, "more")
        return self._left >= 0 and self._room >= 0

    def _mapping(self, node: Mapping, where: str) -> Source | None:
        written = [key.text for key, _ in node.entries]
        form = next((form for form in FORMS if set(form.names) & set(written)), None)
        if form is None:
            self._reader.fields(node, where, _KEYS)
            if not written:
                self._reader.problem(node, where, f"one of {', '.join(_KEYS)}", "nothing")
            return None
        before = len(self._reader.problems)
        nodes = self._reader.fields(node, where, form.names, form.required)
        if len(self._reader.problems) > before:
            return None
        if form is TOGETHER:
            return self._together(nodes, where)
        if not self._counted(node, where):
            return None
        if form is OF_A_FIELD:
            return self._field_test.expression(nodes, where, node)
        return self._segment(nodes, where) if form is IN_SEGMENT else self._event(nodes, where)

    def _together(self, nodes: dict[str, Node], where: str) -> Source | None:
        parts = []
        for name, node in nodes.items():
            kind = TOGETHER[name].kind
            assert isinstance(kind, Items)
            items = self._reader.items(node, f"{where}.{name}", kind.least, kind.most)
            found = [self._one(item, at) for at, item in items[: kind.most]]
            sources = [source for source in found if source is not None]
            if not sources or len(sources) < len(items):
                continue
            source = joined("&&" if name == "all" else "||", sources)
            parts.append(negated(source) if name == "none" else source)
        return joined("&&", parts) if len(parts) == len(nodes) else None

    def _segment(self, nodes: dict[str, Node], where: str) -> Source | None:
        segments = sorted(self._scope.segments)
        name = self._reader.choice(nodes["segment"], f"{where}.segment", segments)
        return Source(f"{quoted(name)} in segments") if name else None

    def _event(self, nodes: dict[str, Node], where: str) -> Source | None:
        node, where = nodes["event"], f"{where}.event"
        before = len(self._reader.problems)
        names = [quoted(name) for name in self._reader.texts(node, where)]
        if len(self._reader.problems) > before:
            return None
        text = f"event.name in [{', '.join(names)}]"
        if len(names) == 1:
            text = f"event.name == {names[0]}"
        return self._field_test.checked(node, where, Source(text))
