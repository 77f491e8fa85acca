"""One customer to whom the events of a case happen, one after the other, while time passes."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct, structs

from decisions.actions.kinds import KINDS
from decisions.cases.case import Case
from decisions.decide import decide
from decisions.format.case_keys import ACTIONS, OF_ALERTS
from decisions.journeys.moment import ENDED, key_text, step_name
from decisions.journeys.versions import definition
from decisions.playbook import Playbook
from decisions.wake import wake
from state.decision import Action, Decision
from state.fold import fold
from state.fold.traits import identify
from state.profile import Profile, decode_profile, encode_profile
from state.touchpoint import Touchpoint

KEYS = {kind: key for key, kind in OF_ALERTS.items()}
"""What is published of alerts → the key of `expect` under which it is expected."""
OVER = "journeys that are over"
"""What has happened, too, but is only an explanation."""


class Happened(Struct, frozen=True):
    """Something that has happened to the customer."""

    at_ms: int
    key: str
    """Of `expect`, under which it can be expected; or OVER."""
    name: str
    """The alert, the kind of action, or the journey."""
    body: dict[str, Any]


class Underway(Struct, frozen=True):
    """A journey that the customer is on."""

    journey: str
    step: str
    """Its id, or its number."""
    key: str | None
    since_ms: int
    """When they got to the step."""
    due_ms: int
    """When they go on by themselves; 0 = not before something happens."""


class Story:
    """The customer as far as the case has gone."""

    def __init__(self, case: Case, playbook: Playbook) -> None:
        self.case = case
        self.playbook = playbook
        self.profile = Profile()
        self.now_ms = 0
        """The time of the last event, or until which time has passed since."""
        self.taken: list[Touchpoint] = []
        self.happened: list[Happened] = []
        """In its order."""
        identify(self.profile, case.traits, 0, playbook.traits)

    @property
    def events(self) -> int:
        """How many there were."""
        return len(self.taken)

    def take(self, event: Touchpoint) -> None:
        """The next event, after the time before it: as in a flow, a repeated one changes nothing.

        What is due at the very instant of the event comes after it, as events are waited for in a
        flow.
        """
        self._let_pass(event.at_ms - 1)
        event = self._answering(event)
        self.taken.append(event)
        self.now_ms = event.at_ms
        book = self.playbook
        changed = fold(self.profile, event, book.traits, book.limits.duplicates, book.purposes)
        if changed:
            self._note(
                self.now_ms, decide(self.profile, event, changed, self.playbook, self.now_ms)
            )

    def _answering(self, event: Touchpoint) -> Touchpoint:
        """An answer says the id of the last decision for its offer, which no file can know."""
        offer = self.case.answers.get(event.message_id)
        ids = [p.decision_id.hex() for p in self.profile.proposals if p.offer_id == offer]
        if not ids:
            return event
        properties = {"decision_id": ids[-1], **event.properties}
        return structs.replace(event, properties=properties)

    def wait(self, until_ms: int) -> None:
        """Time passes, and all that is due up to `until_ms` happens."""
        self._let_pass(until_ms)
        self.now_ms = until_ms

    def done(self, key: str) -> list[Happened]:
        """What has happened that is expected under `key`."""
        return [one for one in self.happened if one.key == key]

    def served(self, placement: str) -> list[str]:
        """The offers that can be read in a placement, the best first."""
        return [
            held.offer_id
            for held in self.profile.offers
            if held.placement == placement and held.expires_at > self.now_ms
        ]

    def underway(self) -> list[Underway]:
        """The journeys that the customer is on, in the order they have begun."""
        return [
            Underway(
                journey=run.journey,
                step=step_name(definition(run, self.playbook), run.step),
                key=None if run.key is None else key_text(run.key),
                since_ms=run.since,
                due_ms=run.due,
            )
            for run in self.profile.journeys
        ]

    def until(self, events: int) -> "Story":
        """The same case after its first `events` events only."""
        again = Story(self.case, self.playbook)
        for event in self.taken[:events]:
            again.take(event)
        return again

    def copy(self) -> "Story":
        """The same customer, who can go on otherwise."""
        again = Story(self.case, self.playbook)
        again.profile = decode_profile(encode_profile(self.profile))
        again.now_ms = self.now_ms
        again.taken, again.happened = [*self.taken], [*self.happened]
        return again

    def _let_pass(self, until_ms: int) -> None:
        if not self.taken:
            return
        for now_ms, decision in wake(
            self.profile, self.taken[-1].customer_id, self.playbook, until_ms
        ):
            self._note(now_ms, decision)

    def _note(self, now_ms: int, decision: Decision | None) -> None:
        if decision is not None:
            self.happened += _happened(now_ms, decision.actions)


def _happened(now_ms: int, actions: Iterable[Action]) -> list[Happened]:
    found = []
    for action in actions:
        if action.kind in KEYS:
            found.append(Happened(now_ms, KEYS[action.kind], action.body["alert"], action.body))
        elif action.kind == ENDED:
            found.append(Happened(now_ms, OVER, action.body["journey"], action.body))
        elif action.kind in KINDS:
            found.append(Happened(now_ms, ACTIONS, action.kind, action.body))
    return found
