"""Expressions as text, and how they are put together."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from decisions.language.grammar.syntax import Logical, Node, Ternary


class Source(NamedTuple):
    """An expression as it is written."""

    text: str
    top: str = ""
    """What joins it at its top: && or ||, ? of a ternary; nothing where it is one operand."""

    def within(self, operator: str) -> str:
        """It as an operand."""
        if "//" in self.text:  # a comment would take all that follows on its line with it
            return f"({self.text}\n)"
        return self.text if self.top in ("", operator) else f"({self.text})"


def joined(operator: str, sources: Sequence[Source]) -> Source:
    """All of them, with && or || between."""
    if len(sources) == 1:
        return sources[0]
    return Source(f" {operator} ".join(one.within(operator) for one in sources), operator)


def negated(source: Source) -> Source:
    """That it is not so."""
    inner = f"{source.text}\n" if "//" in source.text else source.text
    return Source(f"!({inner})")


def top(tree: Node) -> str:
    """What joins an expression at its top."""
    if isinstance(tree, Logical):
        return tree.operator
    return "?" if isinstance(tree, Ternary) else ""


def quoted(text: str) -> str:
    """A text as a literal."""
    return json.dumps(text, ensure_ascii=False)
