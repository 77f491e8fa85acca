"""What the code says when it refuses to go on: every message, found in the source itself.

A `…` stands for what a message takes from the moment: a shard, a topic, an offset.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from flows.commands.run import EXPECTED, FENCED, REFUSED, STALLED
from tests.faults.world import ROOT

KINDS = {kind.__name__ for kind, code in EXPECTED.items() if code in (FENCED, REFUSED, STALLED)}
"""Names of the exceptions that end a flow because going on would break a promise, or be in vain."""
ALSO = {"TopicReplaced", "Unsuitable"}
"""A LogTruncated by another name; and a Redis that would lose what it is given."""
KEPT = "self._failures.append"
"""The publisher keeps what NotDelivered is going to say."""
FOLDERS = ("flows", "connectors", "state", "decisions")


def messages() -> set[str]:
    """All that say anything by themselves; others hand on what somebody else has said."""
    found = set()
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            found |= set(_raised(path))
    return {text for text in found if re.search("[a-z]{4}", text)}


def _raised(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == KEPT:
            yield _text(node.args[0])
        if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)):
            continue
        called, arguments = node.exc.func, node.exc.args
        if isinstance(called, ast.Name) and called.id in KINDS | ALSO and arguments:
            yield _text(arguments[0])


def _text(node: ast.expr) -> str:
    """The message; empty when nothing of it stands there."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left) + _text(node.right)
    if not isinstance(node, ast.JoinedStr):
        return ""
    parts = (str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return re.sub(r"…+", "…", "".join(parts))
