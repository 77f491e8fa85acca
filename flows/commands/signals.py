"""Ctrl-C and SIGTERM, for commands that end in an orderly way."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def caught(on_signal: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """While entered, both come to `on_signal`; afterwards to whom they came before."""
    before = [(number, signal.signal(number, on_signal)) for number in SIGNALS]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
