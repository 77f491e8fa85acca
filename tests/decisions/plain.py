"""A playbook's text as the JSON values that an editor's YAML reader makes of it (core schema)."""

import re
from typing import Any

from decisions.document import Mapping, Node, Scalar, Sequence, parse

NUMBER = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?")


def plain(text: str) -> Any:
    """The document's value."""
    root = parse(text)
    assert root is not None
    return _plain(root)


def _plain(node: Node) -> Any:
    match node:
        case Mapping():
            return {key.text: _plain(value) for key, value in node.entries}
        case Sequence():
            return [_plain(item) for item in node.items]
        case Scalar(quoted=True):
            return node.text
    if node.text in ("", "~", "null", "Null", "NULL"):
        return None
    if node.text.lower() in ("true", "false") and node.text in ("true", "True", "false", "False"):
        return node.text.lower() == "true"
    if NUMBER.fullmatch(node.text):
        number = float(node.text)
        return int(number) if re.fullmatch(r"[-+]?\d+", node.text) else number
    return node.text
