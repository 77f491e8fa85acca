"""The rules of a playbook, checked and compiled: segments and alerts."""

from msgspec import Struct

from decisions.actions.spec import ActionSpec
from decisions.language import Condition, Value
from decisions.templates import Template

ACKNOWLEDGED_EVENT = "Alert Acknowledged"
"""The event that says that somebody looks at an alert: `properties.alert` names it and, where it
has keys, `properties.key` one of them."""


class Segment(Struct, frozen=True):
    """Customers of whom a condition is true."""

    id: str
    title: str
    source: str
    """The condition as it was written."""
    when: Condition
    reads: int
    """The parts of a profile its answer depends on, bits of state.sections; so for all rules."""
    until: Condition | None = None
    """What ends it, and keeps out of it; None: that `when` does not hold any more."""
    dwell_ms: int = 0
    """How long a customer stays in it at least."""

    @property
    def ending(self) -> str:
        """`until` as it was written, on one line; "" = there is none."""
        return " ".join(self.until.source.split()) if self.until else ""

    @property
    def names(self) -> frozenset[str]:
        """The segments that its conditions look at."""
        return self.when.segments | (self.until.segments if self.until else frozenset())

    @property
    def plain(self) -> bool:
        """Whether a customer is in it exactly while its condition holds."""
        return self.until is None and not self.dwell_ms


class Threshold(Struct, frozen=True):
    """So many events that fit, within a sliding window."""

    count: int
    within_ms: int


class Rate(Struct, frozen=True):
    """A share of the events that fit `of` fits the alert, too, within a sliding window."""

    of: Condition
    share: int
    """In percent."""
    at_least: int
    """Of how many events at least a share is one."""
    within_ms: int


class Absence(Struct, frozen=True):
    """After an event that fits the alert, none that fits `of` for so long."""

    of: Condition
    within_ms: int
    restart: bool
    """Whether another event that fits the alert begins the time anew."""


class Sequence(Struct, frozen=True):
    """After an event that fits the alert, one that fits `then` within so long."""

    then: Condition
    within_ms: int


class Change(Struct, frozen=True):
    """A value becomes another one; both as texts, as messages show them. None: any."""

    value: Value
    source: str
    """The value as it was written."""
    before: str | None
    after: str | None


Pattern = Threshold | Rate | Absence | Sequence | Change


class Step(Struct, frozen=True):
    """What is said when nobody has acknowledged an alert for so long."""

    after_ms: int
    severity: str
    message: Template | None
    """None: the alert's own."""
    actions: tuple[ActionSpec, ...] = ()
    """What others are asked to do then."""


class Alert(Struct, frozen=True):
    """Something people should look at."""

    id: str
    source: str
    """The condition as it was written; "" = none."""
    events: tuple[str, ...]
    """Event names it is asked at; none: at every event that changes what it reads."""
    when: Condition | None
    severity: str
    """info, warning or critical."""
    cooldown_ms: int
    """How long it is silent (for one key) after it was raised."""
    key: Value | None
    message: Template
    reads: int
    pattern: Pattern | None = None
    """None: an event or a condition alone raises it."""
    until: Condition | None = None
    """Once raised it stands, and is silent, until this holds."""
    escalate: tuple[Step, ...] = ()
    """In the order of their time."""
    kept: tuple[Value, ...] = ()
    """What its messages show of an event and must be kept of it, as they are said later."""
    indexed: tuple[str, ...] = ()
    """The names of all events that can concern it; none: any can."""
    timed: bool = False
    """Whether time alone can raise it by its condition."""

    actions: tuple[ActionSpec, ...] = ()
    """What others are asked to do when it is raised."""

    @property
    def rule(self) -> str:
        """What it is called among all rules."""
        return f"alert.{self.id}"
