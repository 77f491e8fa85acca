"""What a test expects to have happened as it is written: alerts, and actions of others.

What can never have happened is a problem.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any, Final

from decisions.actions.kinds import KINDS
from decisions.actions.spec import ActionSpec
from decisions.cases.case import Wanted
from decisions.cases.times import CaseClock
from decisions.document import Mapping, Node
from decisions.format.case_keys import (
    ACKNOWLEDGED,
    ACTIONS,
    ALERTS,
    ASKED,
    CLEARED,
    ESCALATED,
    ON_ITS_WAY,
    RAISED,
    STOOD,
)
from decisions.format.part import Part
from decisions.journeys.moment import step_name
from decisions.journeys.table import Act, Journey
from decisions.language.errors import nearest
from decisions.nodes import json_value, quote, show
from decisions.playbook import Playbook
from decisions.reading import Reader
from decisions.rules import ACKNOWLEDGED_EVENT, Alert

NEVER: Final = "which can never match"
SAID: Final = ("origin", "requires_approval", "idempotency_key", "expires_at")
"""Names in the body of any action."""
BROUGHT: Final = {"lead.route": ("queue",), "webhook": ("payload_secrets",)}
"""And in that of a kind, beside the keys by which a playbook says it."""


class Happening:
    """Reads what has happened of one case."""

    def __init__(
        self, reader: Reader, playbook: Playbook, events: Collection[str], clock: CaseClock
    ) -> None:
        self._reader = reader
        self._playbook = playbook
        self._events = events
        self._clock = clock

    def reader(self, key: str) -> Callable[[Node, str], Wanted | None]:
        """What reads an entry below `key` of `expect`."""
        if key == ACTIONS:
            return self.action
        return lambda node, where: self.alert(node, where, key)

    def alert(self, node: Node, where: str, key: str) -> Wanted | None:
        """An alert by its name, or with what it says and when."""
        alerts = self._playbook.alerts
        wanted, place = Wanted(""), node
        if not isinstance(node, Mapping):
            wanted = Wanted(self._reader.choice(node, where, alerts))
        else:
            said = key in (ALERTS, ESCALATED)
            part = Part(self._reader, node, where, RAISED if said else STOOD)
            place = part.get("alert") or node
            name = self._reader.choice(part.get("alert"), part.where("alert"), alerts)
            message = part.text("message") if said else ""
            wanted = Wanted(name, {"message": message} if message else {}, self._at(part))
        if not wanted.name:
            return None
        if lacks := self._lacks(alerts[wanted.name], key):
            self._reader.problem(place, f"{where}, {NEVER}", lacks, "none")
        return wanted

    def action(self, node: Node, where: str) -> Wanted | None:
        """An action by its kind, or with what it says and when."""
        if not isinstance(node, Mapping):
            kind = self.kind(node, where)
            return Wanted(kind) if kind else None
        part = Part(self._reader, node, where, ASKED)
        at = part.get("action")
        kind = self.kind(at, part.where("action")) if at else ""
        says = self._says(kind, part)
        return Wanted(kind, says, self._at(part)) if kind else None

    def journey(self, node: Node, where: str) -> Wanted | None:
        """A journey by its name, or with the step the customer is at and what it is about."""
        journeys = self._playbook.journeys
        if not isinstance(node, Mapping):
            name = self._reader.choice(node, where, journeys)
            return Wanted(name) if name else None
        part = Part(self._reader, node, where, ON_ITS_WAY)
        name = self._reader.choice(part.get("journey"), part.where("journey"), journeys)
        says = {word: text for word in ("step", "key") if (text := part.text(word))}
        if not name:
            return None
        journey, at = journeys[name], part.get("step")
        steps = [step_name(journey, number) for number in range(len(journey.steps))]
        if at and "step" in says:
            self._reader.choice(at, part.where("step"), steps)
        if (at := part.get("key")) and journey.key is None:
            what = f"{part.where('key')}, {NEVER}"
            self._reader.problem(at, what, f"none, as the journey {name} has none", show(at))
        return Wanted(name, says)

    def kind(self, node: Node, where: str) -> str:
        """A kind of action that some rule asks for; "" where it is none."""
        kind = self._reader.choice(node, where, KINDS)
        asked = kinds_asked(self._playbook)
        if kind and kind not in asked:
            expected = f"an action that a rule asks for: {', '.join(asked) or 'none'}"
            self._reader.problem(node, f"{where}, {NEVER}", expected, quote(kind))
        return kind

    def _lacks(self, alert: Alert, key: str) -> str:
        """What is not there, without which it never happens; "" = nothing."""
        asked, events = alert.events, set(self._events)
        if asked and not set(asked) & events:
            return f"an event before it at which {alert.id} is asked: {' or '.join(asked)}"
        if key == ESCALATED and not alert.escalate:
            return f"`escalate` in the alert {alert.id}"
        if key == CLEARED and alert.until is None:
            return f"`until` in the alert {alert.id}"
        if key == ACKNOWLEDGED and ACKNOWLEDGED_EVENT not in events:
            return f"an event before it that acknowledges an alert: {ACKNOWLEDGED_EVENT}"
        return ""

    def _at(self, part: Part) -> int | None:
        node = part.get("at")
        return self._clock.happened(node, part.where("at")) if node else None

    def _says(self, kind: str, part: Part) -> dict[str, Any]:
        says = {}
        known = names_said(kind) if kind else ()
        for name, key, node in part.values("says"):
            if known and name not in known:
                where, near = f"unknown name in {part.where('says')}", nearest(name, known)
                expected = f"one of {', '.join(known)}"
                self._reader.problem(key, where, expected, quote(name), near)
            says[name] = json_value(node)
        return says


def names_said(kind: str) -> tuple[str, ...]:
    """The names in the body of an action of `kind`."""
    own = (key.name for key in KINDS[kind].keys if key.name not in ("action", "expiry", *SAID))
    return (*own, *BROUGHT.get(kind, ()), *SAID)


def kinds_asked(playbook: Playbook) -> tuple[str, ...]:
    """The kinds of actions that the rules of `playbook` ask others for, in the usual order."""
    asked = {spec.kind for spec in specs(playbook)}
    return tuple(kind for kind in KINDS if kind in asked)


def specs(playbook: Playbook) -> Iterator[ActionSpec]:
    """Each action that a rule asks for."""
    for alert in playbook.alerts.values():
        yield from specs_of(alert)
    for journey in playbook.journeys.values():
        yield from specs_on(journey)


def specs_on(journey: Journey) -> Iterator[ActionSpec]:
    """Each action that a journey asks for, on any way."""
    for step in journey.steps:
        if isinstance(step, Act):
            yield step.spec


def specs_of(alert: Alert) -> Iterator[ActionSpec]:
    """Each action that an alert asks for, at once or later."""
    yield from alert.actions
    for step in alert.escalate:
        yield from step.actions
