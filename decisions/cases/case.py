"""A test of a playbook: what happens to one customer, and what must follow from it."""

from typing import Any

from msgspec import Struct, field

from decisions.language import Condition, Value
from state.touchpoint import Touchpoint


class Wanted(Struct, frozen=True):
    """Something that is expected to be, or to have happened."""

    name: str
    """Of a segment, an offer, an alert or a journey; of an action, its kind."""
    says: dict[str, Any] = field(default_factory=dict)
    """What its body must hold, of a mapping in it what is named here; of a journey, `step` and
    `key`."""
    at_ms: int | None = None
    """In which second it must have happened; None: at any time."""


class Names(Struct, frozen=True):
    """Which names are expected: exactly these, or these among others."""

    line: int
    exact: tuple[Wanted, ...] | None = None
    includes: tuple[Wanted, ...] = ()
    excludes: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[Wanted, ...]:
        """Those that must be there."""
        return (*(self.exact or ()), *self.includes)


class Equal(Struct, frozen=True):
    """An expression, and the plain JSON value that it must have."""

    line: int
    source: str
    value: Value
    expected: Any


class Holds(Struct, frozen=True):
    """A condition that must be true."""

    line: int
    source: str
    condition: Condition


class Expect(Struct, frozen=True):
    """What must be so at one point of a case."""

    line: int
    at_ms: int | None = None
    """Until when time passes before; None: it does not, since the step before."""
    segments: Names | None = None
    offers: dict[str, Names] = field(default_factory=dict)
    """By placement, the best first."""
    done: dict[str, Names] = field(default_factory=dict)
    """What has happened since the case began, in its order, by the key it is expected under."""
    journeys: Names | None = None
    """Which the customer is on."""
    equal: tuple[Equal, ...] = ()
    true: tuple[Holds, ...] = ()


class Case(Struct, frozen=True):
    """A sentence, and the events and expectations that show it to be true."""

    name: str
    line: int
    traits: dict[str, Any]
    """What is known of the customer before."""
    answers: dict[str, str]
    """Message id → the offer to whose last decision it is an answer."""
    steps: tuple[Touchpoint | Expect, ...]
    """In the order of time; the first is an event. An event's time is also the decision's, and
    between two times what is due by itself happens."""
