"""The product's own code, driven for one customer as the flow drives it."""

from collections.abc import Sequence
from typing import Any

import orjson

from connectors.events.decode import decode
from decisions.decide import decide, time_of
from decisions.playbook import Playbook
from decisions.wake import recall, wake
from decisions.world import World
from state.decision import Action, Decision, Serving
from state.fold import fold
from state.profile import Profile, decode_profile, encode_profile
from state.times import rfc3339
from state.touchpoint import Touchpoint
from tests.faults.laws.known import Known


class Lived:
    """The profile is stored between any two steps. What is learned goes to `known`."""

    def __init__(self, customer: str, playbook: Playbook, known: Known) -> None:
        self.actions: list[tuple[int, Action]] = []
        """When, and what."""
        self.servings: list[Serving] = []
        self._customer, self._playbook, self._known = customer, playbook, known
        self._blob = encode_profile(Profile())
        self._messages = 0

    def take(self, at_ms: int, name: str, channel: str = "click", **properties: Any) -> None:
        """An event that is received at once; time has passed until then."""
        self._messages += 1
        value = orjson.dumps(
            {
                "messageId": f"m-{self._messages}",
                "type": "track",
                "event": name,
                "userId": self._customer,
                "timestamp": rfc3339(at_ms),
                "properties": properties,
            }
        )
        event = decode(value, channel, at_ms, at_ms, self._playbook.limits)
        assert isinstance(event, Touchpoint), event
        profile, playbook = decode_profile(self._blob), self._playbook
        window, purposes = playbook.limits.duplicates, playbook.purposes
        changed = fold(profile, event, playbook.traits, window, purposes)
        now_ms = time_of(event, profile, at_ms)
        self._note(now_ms, decide(profile, event, changed, playbook, now_ms, self._world))
        self._blob = encode_profile(profile)

    def rest(self, until_ms: int, used_up: Sequence[str] = ()) -> None:
        """Time passes, and then there is none any more of what `used_up` names."""
        profile = decode_profile(self._blob)
        args = profile, self._customer, self._playbook, until_ms
        found = wake(*args, self._world)
        if used_up:
            found += recall(*args, used_up)
            found += wake(*args, self._world)
        for now_ms, decision in found:
            self._note(now_ms, decision)
        self._blob = encode_profile(profile)

    @property
    def _world(self) -> World:
        return self._known.world

    def _note(self, now_ms: int, decision: Decision | None) -> None:
        if decision is not None:
            self.actions += [(now_ms, action) for action in decision.actions]
            self._known.learn(decision.outcomes)
            if decision.serving is not None:
                self.servings.append(decision.serving)
