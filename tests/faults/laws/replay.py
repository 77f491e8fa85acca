"""The plain replay: one thread, one pass, no Kafka, no Redis, no crash.

`Replay` folds and decides the enriched rows of one shard in their applied order. `OrderFree` folds
the input of one shard in the order in which it lies in its topics, for what must not depend on it.
"""

from collections import defaultdict
from typing import Any

from connectors.events.decode import decode
from connectors.published.record_types import EnrichedRecord
from connectors.published.records import action_record, enriched_record, offers_document
from decisions.decide import decide
from decisions.playbook import Playbook
from state.applied import Applied
from state.fence import Plan
from state.fold import fold
from state.profile import Profile
from state.touchpoint import Touchpoint


class Replay:
    """Of one shard. `recorded` are hashes of the actions' bytes, in their order."""

    def __init__(self, playbook: Playbook) -> None:
        self._playbook = playbook
        self.profiles: defaultdict[str, Profile] = defaultdict(Profile)
        self.serving: dict[str, tuple[int, int]] = {}
        """Customer → (hash of what is served last, when it goes in ms since the epoch)."""
        self.recorded: list[int] = []
        self._commit = (0, 0)
        self._ordinal = 0

    def apply(self, row: EnrichedRecord, value: bytes, plan: Plan) -> str | None:
        """Take the next row in; what is wrong with it, if anything is."""
        playbook, now_ms, place = self._playbook, plan.now_ms, row.applied
        if (place.generation, place.commit) != self._commit:
            self._commit, self._ordinal = (place.generation, place.commit), 0
        received_ms = round(row.received_at.timestamp() * 1000)
        event = decode(bytes(row.original), row.channel, received_ms, now_ms, playbook.limits)
        if not isinstance(event, Touchpoint):
            return f"{row.id} holds an event that is refused: {event.reason}"
        profile = self.profiles[event.customer_id]
        changed = fold(profile, event, playbook.traits, playbook.limits.duplicates)
        if not changed:
            return f"{row.id} was applied and is a repeat"
        decision = decide(profile, event, changed, playbook, now_ms)
        summary = playbook.summary(profile, now_ms)
        if enriched_record(event, summary, profile.segments, place, playbook.version) != value:
            return f"{row.id} at {place} has other bytes than the replay's"
        if decision is not None:
            for action in decision.actions:
                at = Applied(place.shard, place.generation, place.commit, self._ordinal)
                record = action_record(event.customer_id, action, now_ms, playbook.version, at)
                self.recorded.append(hash(record))
                self._ordinal += 1
            if decision.serving is not None:
                document = offers_document(event.customer_id, decision.serving)
                self.serving[event.customer_id] = hash(document), decision.serving.expires_at
        return None


class OrderFree:
    """What of the profiles is the same in any order of the input; each event once."""

    def __init__(self, playbook: Playbook) -> None:
        self._playbook = playbook
        self._profiles: defaultdict[str, Profile] = defaultdict(Profile)

    def apply(self, event: Touchpoint) -> None:
        """Take an event in that has not come before."""
        playbook = self._playbook
        fold(self._profiles[event.customer_id], event, playbook.traits, playbook.limits.duplicates)

    def differences(self, profiles: dict[str, Profile]) -> list[str]:
        """Customers of whom `profiles` say something else. Whoever was trimmed is left out: what is
        dropped depends on the order."""
        return [
            customer
            for customer in self._profiles.keys() | profiles.keys()
            if _order_free(self._profiles.get(customer)) != _order_free(profiles.get(customer))
            and not _trimmed(self._profiles.get(customer), profiles.get(customer))
        ]


def _order_free(profile: Profile | None) -> Any:
    if profile is None:
        return None
    return (
        *(profile.first_at, profile.last_at, profile.channels, profile.events),
        *(profile.email, profile.kiosk, profile.chat),
        *(profile.orders.count, profile.orders.last_at, profile.orders.last_value),
    )


def _trimmed(*profiles: Profile | None) -> bool:
    return any(profile is not None and profile.trimmed for profile in profiles)
