"""One customer to whom the events of a case happen, one after the other."""

from decisions.alerts import RAISED
from decisions.cases.case import Case, Wanted
from decisions.decide import decide
from decisions.playbook import Playbook
from state.fold import fold
from state.fold.traits import identify
from state.profile import Profile
from state.touchpoint import Touchpoint


class Story:
    """The customer as far as the case has gone."""

    def __init__(self, case: Case, playbook: Playbook) -> None:
        self.case = case
        self.playbook = playbook
        self.profile = Profile()
        self.now_ms = 0
        """The time of the last event."""
        self.taken: list[Touchpoint] = []
        self.raised: list[Wanted] = []
        """Alerts and what they said, in their order."""
        identify(self.profile, case.traits, 0, playbook.traits)

    @property
    def events(self) -> int:
        """How many there were."""
        return len(self.taken)

    def take(self, event: Touchpoint) -> None:
        """The next event: as in a flow, a repeated one changes nothing."""
        self.taken.append(event)
        self.now_ms = event.at_ms
        changed = fold(self.profile, event, self.playbook.traits, self.playbook.limits.duplicates)
        if not changed:
            return
        decision = decide(self.profile, event, changed, self.playbook, self.now_ms)
        if decision is not None:
            self.raised += [
                (action.body["alert"], action.body["message"])
                for action in decision.actions
                if action.kind == RAISED
            ]

    def served(self, placement: str) -> list[str]:
        """The offers that can be read in a placement, the best first."""
        return [
            held.offer_id
            for held in self.profile.offers
            if held.placement == placement and held.expires_at > self.now_ms
        ]

    def until(self, events: int) -> "Story":
        """The same case after its first `events` events only."""
        again = Story(self.case, self.playbook)
        for event in self.taken[:events]:
            again.take(event)
        return again
