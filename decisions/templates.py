"""Texts with {placeholders}: read from a playbook, and filled in."""

import json
import re
from collections.abc import Callable

from msgspec import Struct

from decisions.document import Node, Scalar
from decisions.language import EvaluationError, Scope, Value, compile_value
from decisions.nodes import quote
from decisions.reading import Reader
from state.profile import Profile
from state.touchpoint import Touchpoint

MAX_VALUE = 120
"""Characters of one value in a text for people."""
UNKNOWN = "?"
"""Stands in a text for a value that could not be had."""
PLACEHOLDER = re.compile(r"\{([^{}]*)\}|[{}]")


class Template(Struct, frozen=True):
    """A text and, where {placeholders} stood, values."""

    source: str
    parts: tuple[str | Value, ...]


def read_template(
    reader: Reader, node: Node | None, where: str, most: int, scope: Scope
) -> Template:
    """The text of at most `most` characters at `node`, its placeholders compiled."""
    source = reader.text_of(node, where, most)
    parts: list[str | Value] = []
    at = 0
    if not isinstance(node, Scalar):
        return Template(source, ())
    for found in PLACEHOLDER.finditer(node.text):
        parts.append(node.text[at : found.start()])
        at = found.end()
        if found[1] is None:
            reader.problem(node, where, "braces in pairs: {value}", quote(found[0]))
            continue
        value = reader.compiled_at(
            node,
            found.start(1),
            found[1],
            where,
            lambda text: reader.kept(compile_value(text, scope)),
        )
        if value is not None:
            parts.append(value)
    parts.append(node.text[at:].rstrip("\n"))
    return Template(source, tuple(part for part in parts if part != ""))


def shortened(text: str) -> str:
    """A value as it stands in a text for people."""
    return text[:MAX_VALUE]


def render(
    template: Template,
    profile: Profile,
    touchpoint: Touchpoint,
    now_ms: int,
    write: Callable[[str], str] = shortened,
) -> tuple[str, int]:
    """The text, and how many of its placeholders ended in an error (shown as UNKNOWN).

    `write` makes of a value what stands in the text.
    """

    def say(value: Value) -> tuple[str, int]:
        text, failed = worded(value, profile, touchpoint, now_ms)
        return write(UNKNOWN if text is None else text), failed

    return filled(template, say)


def filled(template: Template, say: Callable[[Value], tuple[str, int]]) -> tuple[str, int]:
    """The text with what `say` makes of its values, and how many errors that had in all."""
    errors = 0
    texts = []
    for part in template.parts:
        text, failed = (part, 0) if isinstance(part, str) else say(part)
        texts.append(text)
        errors += failed
    return "".join(texts), errors


def worded(
    value: Value, profile: Profile, touchpoint: Touchpoint, now_ms: int
) -> tuple[str | None, int]:
    """A value as text, whole, and 0; None and 1 where it ended in an error."""
    try:
        found = value(profile, touchpoint, now_ms)
    except EvaluationError:
        return None, 1
    return shown(found), 0


def shown(value: object) -> str:
    """A plain JSON value as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.15g}"
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
