"""Which program decides, as a hash of its code."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

DECIDING = (
    *("state", "decisions", "connectors/events", "connectors/published", "flows/processor"),
    "connectors/kafka/murmur2.py",
)
"""Folders and files of the code that has a say in what a flush comes to."""


def build_id() -> str:
    """12 hex digits of the code that decides: another build may decide otherwise."""
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.blake2b(digest_size=6)
    for path in _sources(root):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources(root: Path) -> Iterable[Path]:
    for path in (root / name for name in DECIDING):
        yield from sorted(path.rglob("*.py")) if path.is_dir() else (path,)
