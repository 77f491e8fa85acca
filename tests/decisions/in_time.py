"""A customer for tests whose alerts are also asked as time passes, instant by instant."""

from typing import Any

from decisions.alerting.timing import next_due
from decisions.alerts import raise_alerts
from decisions.decide import decide
from decisions.playbook import Playbook
from state.decision import Action, Decision
from state.fold import fold
from state.sections import NOW
from state.touchpoint import silence
from tests.decisions.someone import START_MS, Someone, touchpoint

Told = tuple[int, str, str]
"""When after the start, kind, and the alert with its key."""


class InTime(Someone):
    """What is published of alerts, with when that was; every moment is one of after START_MS."""

    def __init__(self, playbook: Playbook, customer_id: str = "c-1") -> None:
        super().__init__(playbook, customer_id)
        self.published: list[tuple[int, Action]] = []
        self.errors: dict[str, int] = {}

    @property
    def told(self) -> list[Told]:
        """All that was published so far, in short."""
        return [
            (at_ms, action.kind.removeprefix("alert."), subject(action))
            for at_ms, action in self.published
        ]

    def passes(self, until_ms: int) -> None:
        """Time alone, until then."""
        until_ms += START_MS
        while 0 < (due_ms := self._due()) <= until_ms:
            self.asks(due_ms - START_MS)
        self.now_ms = max(self.now_ms, until_ms)

    def asks(self, at_ms: int) -> None:
        """Alerts at one instant, whether or not anything is due."""
        self.now_ms = at_ms + START_MS
        nobody = silence(self.customer_id, self.now_ms, self.profile.firings + 1)
        due = self.playbook.due(0).alerts
        decision = raise_alerts(self.profile, nobody, due, NOW, self.playbook, self.now_ms, None)
        if decision is not None and decision.actions:
            self.profile.firings += 1
        self._note(decision)

    def at(
        self, at_ms: int, name: str, properties: dict[str, Any] | None = None, *, late_ms: int = 0
    ) -> list[Told]:
        """An event that happened then, and comes `late_ms` later; what it leads to."""
        self.passes(at_ms + late_ms)
        self.events += 1
        happened = START_MS + at_ms
        event = touchpoint(self.customer_id, f"m-{self.events}", name, happened, properties)
        before = len(self.published)
        changed = fold(self.profile, event, self.playbook.traits)
        self._note(decide(self.profile, event, changed, self.playbook, self.now_ms))
        return self.told[before:]

    def _due(self) -> int:
        nobody = silence(self.customer_id, self.now_ms, 0)
        return next_due(self.profile, nobody, self.playbook, self.now_ms)

    def _note(self, decision: Decision | None) -> None:
        if decision is None:
            return
        for rule, errors in decision.rule_errors.items():
            self.errors[rule] = self.errors.get(rule, 0) + errors
        self.published += [
            (self.now_ms - START_MS, action)
            for action in decision.actions
            if action.kind.startswith("alert.")
        ]


def subject(action: Action) -> str:
    """The alert and its key."""
    key = action.body.get("key")
    return str(action.body["alert"]) + (f":{key}" if key is not None else "")
