"""A journey, compiled: its steps as a flat table in which each names the one that follows.

There is no way back in it, so whoever is at a step comes to the end in at most as many steps as
there are.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct
from msgspec.structs import force_setattr

from decisions.actions.spec import ActionSpec
from decisions.journeys.clocks.local_time import LocalTime, Quiet, TimeOfDay
from decisions.language import Condition, Value
from state.sections import EVENT, NOW

END: Final = -1
"""Stands where the number of a step does: the journey is over."""


class Wait(Struct, frozen=True):
    """Goes on after some time."""

    ms: int
    then: int


class WaitUntil(Struct, frozen=True):
    """Goes on at a time of day."""

    time: TimeOfDay
    then: int


class Until(Struct, frozen=True):
    """Goes on when a condition holds, or after some time."""

    when: Condition
    timeout_ms: int
    held: int
    timed_out: int


class If(Struct, frozen=True):
    """Goes on one way or another."""

    when: Condition
    true: int
    false: int


class Split(Struct, frozen=True):
    """Goes on one of some ways, by lot."""

    below: tuple[int, ...]
    """Of each way, the first hundredth that is above it."""
    ways: tuple[int, ...]


class Act(Struct, frozen=True):
    """Asks others to do something."""

    spec: ActionSpec
    then: int


class Over(Struct, frozen=True):
    """The journey is over."""


Step = Wait | WaitUntil | Until | If | Split | Act | Over


class Journey(Struct, frozen=True):
    """What is done for a customer, step by step."""

    id: str
    version: bytes
    """6 bytes of a hash of its definition, the title apart."""
    versions: frozenset[bytes]
    """That of the same with any `in_flight`: runs do the same by each."""
    source: str
    """Its definition, as `read_journey` takes it."""
    title: str
    events: tuple[str, ...]
    """Names of events that start it; none: it starts when its condition becomes true."""
    when: Condition | None
    key: Value | None
    reentry_ms: int | None
    """How long after a run has ended another one may start; 0 = at once, None = never."""
    at_most: int
    """Runs at once."""
    exits: tuple[Condition, ...]
    local_time: LocalTime | None
    quiet: Quiet | None
    in_flight: str
    """What becomes of runs of an earlier version, one of IN_FLIGHT."""
    steps: tuple[Step, ...]
    """In the order they are written: what is inside a step follows it."""
    names: tuple[str, ...]
    """Of each step its id; "" where it has none."""
    reads: int
    """What its start depends on, bits of state.sections."""

    timed: tuple[tuple[Condition, ...], ...] = ()
    """Of each step the conditions whose answer time alone may change while a run stands there."""

    listens: tuple[tuple[int, frozenset[str] | None], ...] = ()
    """Of each step what of the profile may end or take on a run that stands there (bits of
    state.sections), and the names of the events that may; all events are the bit EVENT."""

    def __post_init__(self) -> None:
        asked = [
            (*self.exits, *([step.when] if isinstance(step, Until) else [])) for step in self.steps
        ]
        timed = tuple(tuple(filter(is_timed, conditions)) for conditions in asked)
        force_setattr(self, "timed", timed)
        force_setattr(self, "listens", tuple(map(_listens, asked)))

    @property
    def edition(self) -> str:
        """The version as it is published."""
        return self.version.hex()


def is_timed(condition: Condition) -> bool:
    """Whether time alone may change its answer; one that looks at events is asked at those only."""
    return bool(condition.reads & NOW) and not condition.reads & EVENT


def _listens(conditions: Iterable[Condition]) -> tuple[int, frozenset[str] | None]:
    reads, names = 0, frozenset[str]()
    for when in conditions:
        if not when.reads & EVENT:
            reads |= when.reads
        elif when.event_names is None:
            reads |= EVENT
        else:
            names |= when.event_names
    return reads, names or None
