"""Where a customer is in the journeys of the playbook, as their profile keeps it.

Times are milliseconds since the epoch, UTC; 0 means never.
"""

from typing import Final

from msgspec import Struct

Key = str | int | float | bool

RUNS_KEPT: Final = 16
"""Runs of all journeys of one customer at once."""
LEFT_KEPT: Final = 32
"""Ends of runs that are remembered, for journeys that are not to be entered again at once."""
KEY_BYTES: Final = 64
"""A run whose key is longer does not start."""
CAUSE_BYTES: Final = 64
"""A longer message id is cut to it where it is kept as what a run was armed by."""


class Run(Struct, array_like=True, gc=False):
    """One customer on their way through one journey."""

    id: bytes
    """16 bytes: the id of the action that said it had started."""
    journey: str
    version: bytes
    """6 bytes of a hash of the journey's definition."""
    key: Key | None = None
    """What it is about, where the journey says a key."""
    step: int = 0
    """Number of the step it stands at, in the order they are written, from 0 on."""
    since: int = 0
    """When it got there."""
    due: int = 0
    """When it goes on by itself."""
    started_at: int = 0
    armed_by: str = ""
    """The message id of the event that started it; "" if time alone did."""
