"""A customer for tests whose alerts are also asked as time passes, instant by instant."""

from typing import Any

from decisions.decide import decide, pass_time
from decisions.playbook import Playbook
from decisions.wake import wake
from state.decision import Action, Decision
from state.fold import fold
from tests.decisions.someone import START_MS, Someone, touchpoint

Told = tuple[int, str, str]
"""When after the start, kind, and the alert with its key."""


class InTime(Someone):
    """What is published of alerts, with when that was; every moment is one of after START_MS."""

    def __init__(self, playbook: Playbook, kinds: tuple[str, ...] = ("alert",)) -> None:
        super().__init__(playbook)
        self.kinds = kinds
        """What the kinds of actions begin with that are noted."""
        self.published: list[tuple[int, Action]] = []
        self.errors: dict[str, int] = {}

    @property
    def told(self) -> list[Told]:
        """All that was published so far, in short."""
        return [
            (at_ms, action.kind.removeprefix("alert."), subject(action))
            for at_ms, action in self.published
            if "alert" in action.body
        ]

    def passes(self, until_ms: int) -> None:
        """Time alone, until then, from instant to instant."""
        for at_ms, decision in wake(
            self.profile, self.customer_id, self.playbook, until_ms + START_MS
        ):
            self.now_ms = at_ms
            self._note(decision)
        self.now_ms = max(self.now_ms, until_ms + START_MS)

    def asks(self, at_ms: int) -> None:
        """What time has brought at one instant, whether or not anything is due."""
        self.now_ms = at_ms + START_MS
        self._note(pass_time(self.profile, self.customer_id, self.playbook, self.now_ms))

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

    def _note(self, decision: Decision | None) -> None:
        if decision is None:
            return
        for rule, errors in decision.rule_errors.items():
            self.errors[rule] = self.errors.get(rule, 0) + errors
        self.published += [
            (self.now_ms - START_MS, action)
            for action in decision.actions
            if action.kind.startswith(self.kinds)
        ]


def subject(action: Action) -> str:
    """The alert and its key."""
    key = action.body.get("key")
    return str(action.body["alert"]) + (f":{key}" if key is not None else "")
