"""The product's own code, driven as the flow drives it, for one customer."""

from collections.abc import Iterable
from typing import Any

from connectors.events.decode import decode
from decisions.decide import decide, time_of
from decisions.playbook import Playbook
from decisions.wake import wake
from state.decision import Decision, Serving
from state.fold import fold
from state.profile import Profile, decode_profile, encode_profile
from state.touchpoint import Touchpoint
from tests.oracle.deeds import text_of
from tests.oracle.ninety_days.crowd import OVER, Came, Steps
from tests.oracle.ninety_days.naive import Act
from tests.oracle.ninety_days.standing import told


class Driven:
    """One customer. The profile is stored whenever something was done with it."""

    def __init__(self, customer: str, steps: Steps, playbook: Playbook) -> None:
        self.acts: list[Act] = []
        self._customer, self._steps, self._playbook = customer, steps, playbook
        self._blob = encode_profile(Profile())
        self._ids: set[str] = set()
        self._serving: Serving | None = None

    def live(self, came: Iterable[Came]) -> list[Act]:
        """All actions in order, and what is served at last."""
        for one in came:
            self._take(one)
        self._pass_time(OVER)
        return self.acts + ([served(self._serving)] if self._serving else [])

    def _take(self, one: Came) -> None:
        """Before the event time is let pass up to where the clock is."""
        playbook, received_ms = self._playbook, one.received_ms
        event = decode(one.value, one.channel, received_ms, received_ms, playbook.limits)
        assert isinstance(event, Touchpoint), event
        self._pass_time(self._steps.at(received_ms))
        profile = decode_profile(self._blob)
        if changed := fold(profile, event, playbook.traits, playbook.limits.duplicates):
            now_ms = time_of(event, profile, received_ms)
            self._note(now_ms, decide(profile, event, changed, playbook, now_ms))
            self._blob = encode_profile(profile)

    def _pass_time(self, until_ms: int) -> None:
        """At each step of the clock at which somebody is due; some are at that very instant."""
        profile = decode_profile(self._blob)
        while 0 < profile.due_at <= until_ms:
            to_the_point = profile.due_at % 7 == 0
            step_ms = profile.due_at if to_the_point else self._steps.next(profile.due_at)
            step_ms = min(step_ms, until_ms)
            for now_ms, decision in wake(profile, self._customer, self._playbook, step_ms):
                self._note(now_ms, decision)
            assert not 0 < profile.due_at <= step_ms, "something is still due"
            self._blob = encode_profile(profile)
            profile = decode_profile(self._blob)

    def _note(self, now_ms: int, decision: Decision | None) -> None:
        if decision is None:
            return
        for action in decision.actions:
            assert action.id not in self._ids, "two actions have one id"
            self._ids.add(action.id)
            about = words(action.kind, action.body, action.caused_by)
            self.acts.append(Act(now_ms, action.kind, *about))
        self._serving = decision.serving or self._serving


def served(serving: Serving) -> Act:
    """What a reader finds."""
    names = " ".join(offer.offer_id for offer in serving.offers)
    return Act(serving.as_of, "served", names, "", text_of(serving.expires_at))


def words(kind: str, body: dict[str, Any], cause: str) -> tuple[str, str, str]:
    """What there is to say of an action, in the oracle's words: (subject, cause, said)."""
    if kind == "offer.decided":
        said = f"{body['placement']} {body['channel']} {body['expires_at']}"
        return body["offer_id"], cause, said
    if kind.startswith("alert."):
        subject, said = told(body)
        return subject, cause, said
    if kind.startswith("journey.") or kind == "log":
        origin = body.get("origin", body)
        subject = f"{origin['journey']} {origin['key']}" if "key" in origin else origin["journey"]
        parts = [origin.get("step"), origin.get("reason"), origin.get("started_at")]
        return subject, cause, " ".join(part for part in parts if part)
    return body["segment"], cause, body["since"]
