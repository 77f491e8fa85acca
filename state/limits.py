"""What a playbook says of the times and repeats of events: its section `limits`."""

from typing import Final

from msgspec import Struct

from state.repeats import Window


class Limits(Struct, frozen=True):
    """Milliseconds; whatever lies exactly on a limit is within it."""

    duplicates: Window = Window()
    late_ms: int = 30 * 24 * 60 * 60 * 1000
    """How long after it happened an event still counts."""
    ahead_ms: int = 5 * 60 * 1000
    """How far a producer's clock may be ahead."""


USUAL: Final = Limits()
"""Those of a playbook that says nothing of them."""
