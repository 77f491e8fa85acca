"""A customer for tests of journeys: events at times, and between them the time that passes."""

from datetime import datetime
from typing import Any

from decisions.decide import decide
from decisions.journeys.run import advance
from decisions.load import parse_playbook
from decisions.playbook import Playbook
from decisions.wake import wake
from state.decision import Action, Decision
from state.fold import fold
from state.profile import Profile, decode_profile, encode_profile
from state.sections import NOW
from state.times import milliseconds
from state.touchpoint import silence
from tests.decisions.someone import touchpoint

HEAD = """\
channels: [click, email]
traits: {timezone: string}
placements:
  home: {channels: [click], offers: 1}
offers: {}
"""


def journeys(text: str) -> Playbook:
    """A playbook with these sections."""
    return parse_playbook(HEAD + text, "test.yaml")


def one(settings: str, steps: str, more: str = "") -> Playbook:
    """A playbook with one journey, `j`: what is said of it, and its steps in YAML's short form."""
    return journeys(f"{more}\njourneys:\n  j: {{title: J, {settings}, steps: {steps}}}\n")


class Traveller:
    """One customer, whose profile goes through its stored form again and again."""

    def __init__(self, playbook: Playbook, customer_id: str = "c-1") -> None:
        self.playbook = playbook
        self.customer_id = customer_id
        self.profile = Profile()
        self.now_ms = 0
        self.events = 0
        self.errors = 0
        self.said: list[tuple[int, Action]] = []
        """What was published, and when."""

    def does(
        self,
        at_ms: int,
        name: str,
        properties: dict[str, Any] | None = None,
        *,
        traits: dict[str, Any] | None = None,
        message_id: str = "",
        behind: bool = False,
    ) -> None:
        """An event, after the time until then has passed; or `behind`, before it has."""
        if not behind:
            self.until(at_ms)
        self.events += 1
        message_id = message_id or f"m-{self.events}"
        event = touchpoint(self.customer_id, message_id, name, at_ms, properties)
        if traits:
            event.type, event.name, event.traits = "identify", "Identified", traits
        changed = fold(self.profile, event, self.playbook.traits)
        self._note(at_ms, decide(self.profile, event, changed, self.playbook, at_ms))

    def until(self, at_ms: int) -> None:
        """Time passes, without an event."""
        for now_ms, decision in wake(self.profile, self.customer_id, self.playbook, at_ms):
            self._note(now_ms, decision)
        self.now_ms = max(self.now_ms, at_ms)

    def due(self) -> int:
        """When time alone may do something."""
        return self.profile.due_at

    def _note(self, now_ms: int, decision: Decision | None) -> None:
        self.now_ms = now_ms
        nothing = silence(self.customer_id, now_ms, self.profile.firings + 1)
        if self.profile.decided_at == now_ms:
            again = advance(self.profile, nothing, NOW, self.playbook, now_ms, None)
            assert again is None or not again.actions, "something was still due"
        self.profile = decode_profile(encode_profile(self.profile))
        if decision is not None:
            self.errors += sum(decision.rule_errors.values())
            self.said += [(now_ms, action) for action in decision.actions]

    def told(self, kind: str = "") -> list[tuple[int, Any]]:
        """(when, message of a log, reason of an end or kind) of what was published."""
        return [
            (at_ms, action.body.get("message") or action.body.get("reason") or action.kind)
            for at_ms, action in self.said
            if action.kind.startswith(kind) and not action.kind.startswith("segment")
        ]

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        """Bodies of what was published of this kind."""
        return [action.body for _, action in self.said if action.kind == kind]


def at(text: str) -> int:
    """An instant in ms: a time with its offset."""
    return milliseconds(datetime.fromisoformat(text))
