"""What stands at a node of a document: as plain values, and in words."""

import math
import re
from typing import Any

from decisions.document import Mapping, Node, Scalar, Sequence

JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,400})(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,4})?")
WORDS = ("true", "false", "null")


def members_of(node: Node) -> list[Node]:
    """The items of a list; one that stands alone is its only one."""
    return node.items if isinstance(node, Sequence) else [node]


def is_empty(node: Node) -> bool:
    """Nothing was written, or YAML's words for it."""
    return isinstance(node, Scalar) and not node.quoted and node.text in ("", "~", "null")


def json_value(node: Node) -> Any:
    """What is written at a node as a plain JSON value.

    Words in quotes are texts; others are null, true, false or a number where JSON has them so, and
    texts where not. Integers beyond 64 bits are floats, as in events.
    """
    if isinstance(node, Mapping):
        return {key.text: json_value(value) for key, value in node.entries}
    if isinstance(node, Sequence):
        return [json_value(item) for item in node.items]
    if node.quoted:
        return node.text
    if is_empty(node):
        return None
    if node.text in ("true", "false"):
        return node.text == "true"
    if not JSON_NUMBER.fullmatch(node.text):
        return node.text
    if node.text.lstrip("-").isdigit() and -(1 << 63) <= int(node.text) < 1 << 63:
        return int(node.text)
    number = float(node.text)
    return number if math.isfinite(number) else node.text


def quote(text: str) -> str:
    """`text` in double quotes, shortened."""
    return f'"{text[:60]}..."' if len(text) > 63 else f'"{text}"'


def show(node: Node) -> str:
    """What stands at a node, in a few words."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    if is_empty(node):
        return "nothing"
    looks_else = node.text in WORDS or JSON_NUMBER.fullmatch(node.text)
    return f"{quote(node.text)} in quotes" if node.quoted and looks_else else quote(node.text)
