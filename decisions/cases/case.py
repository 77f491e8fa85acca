"""A test of a playbook: what happens to one customer, and what must follow from it."""

from typing import Any

from msgspec import Struct, field

from decisions.language import Condition, Value
from state.touchpoint import Touchpoint

Wanted = tuple[str, str | None]
"""The name of a segment, an offer or an alert; of an alert also its message, None for any."""


class Names(Struct, frozen=True):
    """Which names are expected: exactly these, or these among others."""

    line: int
    exact: tuple[Wanted, ...] | None = None
    includes: tuple[Wanted, ...] = ()
    excludes: tuple[str, ...] = ()


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
    segments: Names | None = None
    offers: dict[str, Names] = field(default_factory=dict)
    """By placement, the best first."""
    alerts: Names | None = None
    """Those raised since the case began, in their order."""
    equal: tuple[Equal, ...] = ()
    true: tuple[Holds, ...] = ()


class Case(Struct, frozen=True):
    """A sentence, and the events and expectations that show it to be true."""

    name: str
    line: int
    traits: dict[str, Any]
    """What is known of the customer before."""
    steps: tuple[Touchpoint | Expect, ...]
    """In the order of time; the first is an event. An event's time is also the decision's."""
