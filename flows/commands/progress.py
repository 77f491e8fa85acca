"""How far a command that reads much has come, for who sits in front of it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def telling() -> Iterator[Callable[[str, int], None]]:
    """A function that tells how many were read: on one line of stderr, if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _what, _count: None
        return

    def tell(what: str, count: int) -> None:
        sys.stderr.write(f"\r\x1b[K{what} read: {count:,}")
        sys.stderr.flush()

    try:
        yield tell
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
