"""Reading of a playbook's nodes, expressions included: what is wrong is noted, none is raised."""

from collections.abc import Callable
from typing import TypeVar

from decisions.document import Mapping, Node, Scalar, place
from decisions.history import MAX_TRACKERS
from decisions.language import (
    Condition,
    ExpressionError,
    Remembered,
    Scope,
    Value,
    compile_condition,
    compile_value,
)
from decisions.nodes import is_empty, members_of, show
from decisions.structured.condition import Structured
from decisions.values import ValueReader

Compiled = TypeVar("Compiled")
Rule = TypeVar("Rule", Condition, Value)


class Reader(ValueReader):
    """Reads nodes of one text and collects the problems found."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.remembered: dict[bytes, Remembered] = {}
        """Key → what the expressions read so far need to be remembered of events."""
        self.deciding = True
        """Whether what is read decides: only for that anything is remembered."""

    def condition(
        self, node: Node | None, where: str, scope: Scope, *, timely: bool = False
    ) -> Condition | None:
        """A condition, compiled: an expression, or the one that a mapping means; with `timely` one
        of which it can be told when time changes it."""

        def compiler(source: str) -> Condition:
            return self.kept(compile_condition(source, scope, timely=timely))

        if not isinstance(node, Mapping):
            return self._compiled(node, where, compiler)
        source = Structured(self, scope).expression(node, where)
        if source is None:
            return None
        try:
            return compiler(source)
        except ExpressionError as error:  # longer or deeper together than a condition may be
            self.problem(node, f"{where}; {error.message}", error.expected, error.got)
            return None

    def conditions(
        self, node: Node | None, where: str, most: int, scope: Scope
    ) -> list[tuple[Node, Condition]]:
        """A list of conditions, where they stand and compiled; one need not be in a list."""
        if node is None:
            return []
        members = members_of(node)
        if not 1 <= len(members) <= most:
            self.problem(node, where, f"1 to {most} entries", str(len(members)))
        compiled = ((member, self.condition(member, where, scope)) for member in members)
        return [(member, condition) for member, condition in compiled if condition is not None]

    def value(self, node: Node | None, where: str, scope: Scope) -> Value | None:
        """A value expression, compiled."""
        return self._compiled(node, where, lambda source: self.kept(compile_value(source, scope)))

    def _compiled(
        self, node: Node | None, where: str, compiler: Callable[[str], Compiled]
    ) -> Compiled | None:
        if node is None:
            return None
        if not isinstance(node, Scalar) or is_empty(node) or not node.text.strip():
            self.problem(node, where, "an expression", show(node))
            return None
        return self.compiled_at(node, 0, node.text, where, compiler)

    def compiled_at(
        self,
        node: Scalar,
        start: int,
        source: str,
        where: str,
        compiler: Callable[[str], Compiled],
    ) -> Compiled | None:
        """`source`, which stands at `start` in the scalar's text, compiled."""
        try:
            return compiler(source)
        except ExpressionError as error:
            line, column = place(self.text, node, start + error.offset)
            text = f"{where}; {error.message}"
            self.note(line, column, text, error.expected, error.got, error.nearest)
            return None

    def kept(self, compiled: Rule) -> Rule:
        """`compiled`, whose history is remembered from now on. Raises ExpressionError."""
        for one in compiled.history:
            self._remember(one)
        return compiled

    def _remember(self, one: Remembered) -> None:
        if one.key in self.remembered:
            return
        if not self.deciding:
            what = "no rule asks this, so it is not remembered"
            raise ExpressionError(what, one.offset, "what a rule asks, too", one.source)
        if len(self.remembered) == MAX_TRACKERS:
            what = "too much to remember of a customer's events"
            expected = f"at most {MAX_TRACKERS} different history functions in a playbook"
            raise ExpressionError(what, one.offset, expected, f"one more: {one.source}")
        self.remembered[one.key] = one


def source_of(condition: Condition | None) -> str:
    """The expression of a condition, on one line; "" where there is none."""
    return " ".join(condition.source.split()) if condition else ""
