"""The plain replay: one thread, one pass, no Kafka, no Redis, no crash.

`Replay` folds and decides the enriched rows of one shard in their applied order, and lets time pass
as the plans say. `OrderFree` folds
the input of one shard in the order in which it lies in its topics, for what must not depend on it.
"""

from collections import defaultdict
from collections.abc import Container
from typing import Any

from connectors.events.decode import decode
from connectors.kafka.topics import channel_topic
from connectors.published.record_types import EnrichedRecord
from connectors.published.records import action_record, enriched_record, offers_document
from decisions.decide import decide
from decisions.playbook import Playbook
from decisions.wake import wake
from state.applied import Applied
from state.decision import Decision
from state.fence import Plan
from state.fold import fold
from state.profile import Profile
from state.touchpoint import Touchpoint
from state.watermark import ALLOWED_DISORDER_MS, SETTLE_MS


class Replay:
    """Of one shard. `recorded` are hashes of the actions' bytes, in their order."""

    def __init__(self, shard: int, playbook: Playbook) -> None:
        self._shard, self._playbook = shard, playbook
        self.profiles: defaultdict[str, Profile] = defaultdict(Profile)
        self.serving: dict[str, tuple[int, int]] = {}
        """Customer → (hash of what is served last, when it goes in ms since the epoch)."""
        self.recorded: list[int] = []
        self._plan: Plan | None = None
        self._ordinal = 0
        self._newest: dict[str, int] = {}
        """Topic → when its newest event happened."""
        self._clock = 0

    def begin(self, plan: Plan) -> None:
        """`plan` is the next one; of the one before no rows are left."""
        self.finish()
        self._plan, self._ordinal = plan, 0

    def finish(self) -> None:
        """Let time pass for those who are due at the end of the plan at hand."""
        plan = self._plan
        if plan is None:
            return
        reached = plan.complete_ms
        for topic in plan.behind:
            newest = self._newest.get(topic, 0)
            reached = min(reached, newest - ALLOWED_DISORDER_MS if newest else 0)
        self._clock = max(self._clock, reached)
        due = sorted(
            (profile.due_at, customer)
            for customer, profile in self.profiles.items()
            if 0 < profile.due_at <= self._clock
        )
        for _, customer in due[: plan.wake]:
            self._pass_time(customer, self._clock)
        self._plan = None

    def apply(
        self, row: EnrichedRecord, value: bytes, plan: Plan, forwarded: Container[str] = ()
    ) -> str | None:
        """Take the next row in; what is wrong with it, if anything is.

        `forwarded`: ids of events that came from other shards, which do not show how late it is.
        """
        playbook, place = self._playbook, row.applied
        received_ms = round(row.received_at.timestamp() * 1000)
        event = decode(bytes(row.original), row.channel, received_ms, plan.now_ms, playbook.limits)
        if not isinstance(event, Touchpoint):
            return f"{row.id} holds an event that is refused: {event.reason}"
        if row.id not in forwarded:
            self._note(channel_topic(row.channel), min(event.at_ms, plan.now_ms), plan)
        known_ms = min(received_ms - SETTLE_MS, plan.merged_ms, plan.complete_ms)
        self._pass_time(event.customer_id, max(self._clock, known_ms))
        profile = self.profiles[event.customer_id]
        now_ms = max(min(received_ms, plan.now_ms), profile.decided_at)
        changed = fold(profile, event, playbook.traits, playbook.limits.duplicates)
        if not changed:
            return f"{row.id} was applied and is a repeat"
        decision = decide(profile, event, changed, playbook, now_ms)
        summary = playbook.summary(profile, now_ms)
        if enriched_record(event, summary, profile.segments, place, playbook.version) != value:
            return f"{row.id} at {place} has other bytes than the replay's"
        if decision is not None:
            self._record(event.customer_id, decision, now_ms)
        return None

    def _note(self, topic: str, at_ms: int, plan: Plan) -> None:
        self._newest[topic] = max(self._newest.get(topic, 0), at_ms)
        counting = [self._newest.get(other, 0) for other in plan.behind]
        mark = min([max(self._newest.values()), *counting]) - ALLOWED_DISORDER_MS
        self._clock = max(self._clock, min(mark, plan.complete_ms))

    def _pass_time(self, customer: str, until_ms: int) -> None:
        for now_ms, decision in wake(self.profiles[customer], customer, self._playbook, until_ms):
            self._record(customer, decision, now_ms)

    def _record(self, customer: str, decision: Decision, now_ms: int) -> None:
        assert self._plan is not None
        plan, version = self._plan, self._playbook.version
        for action in decision.actions:
            at = Applied(self._shard, plan.generation, plan.commit, self._ordinal)
            self.recorded.append(hash(action_record(customer, action, now_ms, version, at)))
            self._ordinal += 1
        if decision.serving is not None:
            document = offers_document(customer, decision.serving)
            self.serving[customer] = hash(document), decision.serving.expires_at


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
