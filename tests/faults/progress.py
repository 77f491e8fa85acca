"""What the suite says while it runs: one line that changes on a terminal, plain lines elsewhere."""

import time
from typing import TextIO

WIDTH = 100


class Progress:
    """Of one fault after the other, on stderr."""

    def __init__(self, out: TextIO) -> None:
        self._out, self._changing = out, out.isatty()
        self._name, self._began, self._last = "", 0.0, ""

    def begin(self, name: str, seed: int) -> None:
        """The next fault."""
        self._name, self._began = name, time.monotonic()
        self._write(f"{name} (seed {seed})", stays=True)

    def say(self, words: str) -> None:
        """What is being done of it. Said twice it is shown once."""
        if words == self._last:
            return
        self._last = words
        self._write(
            f"  {time.monotonic() - self._began:5.0f} s  {self._name}: {words}", stays=False
        )

    def end(self, words: str) -> None:
        """How it went."""
        self._write(f"  {words}", stays=True)

    def _write(self, line: str, stays: bool) -> None:
        if self._changing:
            self._out.write(f"\r\x1b[K{line[:WIDTH] if not stays else line}" + "\n" * stays)
        else:
            self._out.write(f"{line}\n")
        self._out.flush()
