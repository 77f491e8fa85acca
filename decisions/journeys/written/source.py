"""A journey's definition as one line of text that does not change with layout or comments."""

import hashlib
import json
from collections.abc import Collection
from typing import Any, Final

from decisions.document import Mapping, Node, Scalar, Sequence
from decisions.nodes import JSON_NUMBER, WORDS, is_empty

DECIDES_NOTHING: Final = ("title", "in_flight")
"""Keys of a journey that say nothing of what its runs do as long as it is as it is."""
VERSION_BYTES: Final = 6


def source_of(name: str, node: Node) -> str:
    """The journey of that id as JSON: [id, definition]."""
    return f"[{_text(name)},{_json(node)}]"


def version_of(name: str, node: Node, in_flight: str) -> bytes:
    """A hash of all that its runs do, and of what becomes of them once it is another."""
    text = f"[{_text(name)},{_json(node, without=DECIDES_NOTHING)},{_text(in_flight)}]"
    return hashlib.blake2b(text.encode(), digest_size=VERSION_BYTES).digest()


def node_of(source: str) -> tuple[str, Node]:
    """(id, definition) of a text that `source_of` made. Raises ValueError for another."""
    found = json.loads(source, parse_int=_Bare, parse_float=_Bare)
    if not isinstance(found, list) or len(found) != 2 or not isinstance(found[0], str):
        raise ValueError("expected a journey's id and definition")
    return found[0], _node(found[1])


class _Bare(str):
    """A number as it was written: another spelling of it may be another text."""

    __slots__ = ()


def _json(node: Node, without: Collection[str] = ()) -> str:
    if isinstance(node, Mapping):
        entries = (
            f"{_text(key.text)}:{_json(value)}"
            for key, value in node.entries
            if key.text not in without
        )
        return "{" + ",".join(entries) + "}"
    if isinstance(node, Sequence):
        return "[" + ",".join(_json(item) for item in node.items) + "]"
    if node.quoted or not _says_else(node.text):
        return _text(node.text)
    return "null" if is_empty(node) else node.text


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _says_else(text: str) -> bool:
    """Whether readers take it for something else than a text where it is not in quotes."""
    return text in (*WORDS, "", "~") or bool(JSON_NUMBER.fullmatch(text))


def _node(value: Any) -> Node:
    if isinstance(value, dict):
        return Mapping(1, 1, [(_scalar(key, quoted=True), _node(v)) for key, v in value.items()])
    if isinstance(value, list):
        return Sequence(1, 1, [_node(item) for item in value])
    if value is None:
        return _scalar("", quoted=False)
    if isinstance(value, bool):
        return _scalar("true" if value else "false", quoted=False)
    text = str(value)
    return _scalar(text, quoted=not isinstance(value, _Bare) and _says_else(text))


def _scalar(text: str, *, quoted: bool) -> Scalar:
    return Scalar(1, 1, text, quoted, (0, 0))
