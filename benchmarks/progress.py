"""What is going on, on stderr: one changing line on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status


class Progress:
    """stdout is left to the results."""

    def __init__(self, status: Status | None) -> None:
        self._status = status

    def say(self, text: str) -> None:
        """`text` is what happens now."""
        if self._status is not None:
            self._status.update(text)
        else:
            print(text, file=sys.stderr, flush=True)


@contextmanager
def progress() -> Iterator[Progress]:
    """For the time of a measurement."""
    if not sys.stderr.isatty():
        yield Progress(None)
        return
    with Console(stderr=True).status("starting") as status:
        yield Progress(status)
