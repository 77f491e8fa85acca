"""The plain replay: one thread, one pass, no Kafka, no Redis, no crash.

`Replay` folds and decides the enriched rows of one shard in their applied order, and between them
what has no row, and lets time pass as the plans say. `OrderFree` folds the input of one shard in
the order in which it lies in its topics, for what must not depend on it.
"""

from collections import defaultdict
from collections.abc import Container, Sequence
from typing import Any

from connectors.events.decode import decode
from connectors.kafka.topics import channel_topic
from connectors.published.record_types import EnrichedRecord
from connectors.published.records import action_record, enriched_record, offers_document
from decisions.decide import decide
from decisions.offering.ask import take_decided
from decisions.playbook import Playbook
from decisions.wake import recall, wake
from state.applied import Applied
from state.decided import Decided
from state.decision import Decision
from state.fence import Plan
from state.fold import fold
from state.profile import HeldOffer, Profile
from state.touchpoint import Touchpoint
from state.watermark import ALLOWED_DISORDER_MS, SETTLE_MS
from tests.faults.laws.known import Known
from tests.faults.laws.planned import Passage, PlannedInput, Rowless, Undecided, content_of


class Replay:
    """Of one shard. `recorded` are hashes of the actions' bytes, in their order."""

    def __init__(self, shard: int, playbook: Playbook, planned: PlannedInput) -> None:
        self._shard, self._playbook, self._planned = shard, playbook, planned
        self.known = Known(playbook)
        self.profiles: defaultdict[str, Profile] = defaultdict(Profile)
        self.serving: dict[str, tuple[int, int]] = {}
        """Customer → (hash of what is served last, when it goes in ms since the epoch)."""
        self.recorded: list[int] = []
        self._plan: Plan | None = None
        self._passage = Passage()
        self._ordinal = 0
        self._offered: dict[str, Sequence[HeldOffer]] = {}
        """Customer of the plan at hand → what they were served before it."""
        self._newest: dict[str, int] = {}
        """Topic → when its newest event happened."""
        self._clock = 0

    def begin(self, plan: Plan) -> None:
        """`plan` is the next one; of the one before no rows are left."""
        self.finish()
        self._plan, self._ordinal = plan, 0
        self.known.begin()
        self._passage = self._planned.of(plan)

    def finish(self) -> None:
        """The end of the plan at hand: what is left of it is taken in, time passes for who is due,
        and what is used up by then is withdrawn from whoever is served it."""
        plan = self._plan
        if plan is None:
            return
        for step in self._passage.rest():
            self._step(step)
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
        recalled = self.known.to_recall(plan.recall)
        used_up = self.known.used_up() if recalled else []
        for customer, found in recalled.items():
            if customer in self.profiles:
                self._pass_time(customer, self._clock, [*found, *used_up])
        self.known.recalled(recalled)
        for customer, before in self._offered.items():
            after = self.profiles[customer].offers
            if [one.decision_id for one in before] != [one.decision_id for one in after]:
                self.known.served(customer, before, after)
        self._offered.clear()
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
        for step in self._passage.until(content_of(event.raw, row.channel, received_ms)):
            self._step(step)
        if row.id not in forwarded:
            self._note(channel_topic(row.channel), min(event.at_ms, plan.now_ms), plan)
        known_ms = min(received_ms - SETTLE_MS, plan.merged_ms, plan.complete_ms)
        self._pass_time(event.customer_id, max(self._clock, known_ms))
        profile = self._profile(event.customer_id)
        now_ms = max(min(received_ms, plan.now_ms), profile.decided_at)
        window, purposes = playbook.limits.duplicates, playbook.purposes
        changed = fold(profile, event, playbook.traits, window, purposes)
        if not changed:
            return f"{row.id} was applied and is a repeat"
        decision = decide(profile, event, changed, playbook, now_ms, self.known.world)
        summary = playbook.summary(profile, now_ms)
        if enriched_record(event, summary, profile.segments, place, playbook.version) != value:
            return f"{row.id} at {place} has other bytes than the replay's"
        if decision is not None:
            self._record(event.customer_id, decision, now_ms)
        return None

    def _step(self, step: Rowless) -> None:
        if isinstance(step, Undecided):
            self._pass_before(step)
        elif isinstance(step, Decided):
            self._take_decided(step)
        else:
            self.known.tell(step)

    def _pass_before(self, undecided: Undecided) -> None:
        """Time has passed that the event shows; of the event itself nothing is left, nor of whoever
        did no other thing."""
        plan, event = self._plan, undecided.event
        assert plan is not None
        if event.customer_id not in self.profiles:
            return
        newest = dict(self._newest)
        if not undecided.forwarded:
            topic = channel_topic(event.channel)
            newest[topic] = max(newest.get(topic, 0), min(event.at_ms, plan.now_ms))
        known_ms = min(event.received_ms - SETTLE_MS, plan.merged_ms, plan.complete_ms)
        self._pass_time(event.customer_id, max(self._reached(newest, plan), known_ms))

    def _take_decided(self, decided: Decided) -> None:
        plan, customer = self._plan, decided.customer_id
        assert plan is not None
        self._pass_time(customer, min(decided.at_ms - SETTLE_MS, plan.merged_ms, plan.complete_ms))
        decision = take_decided(self._profile(customer), decided, self._playbook, plan.now_ms)
        if decision is not None:
            self._record(customer, decision, decided.at_ms, decided.playbook)

    def _note(self, topic: str, at_ms: int, plan: Plan) -> None:
        self._newest[topic] = max(self._newest.get(topic, 0), at_ms)
        self._clock = self._reached(self._newest, plan)

    def _reached(self, newest: dict[str, int], plan: Plan) -> int:
        """The clock once so much is known of each topic."""
        counting = [newest.get(other, 0) for other in plan.behind]
        mark = min([max(newest.values(), default=0), *counting]) - ALLOWED_DISORDER_MS
        return max(self._clock, min(mark, plan.complete_ms))

    def _profile(self, customer: str) -> Profile:
        profile = self.profiles[customer]
        self._offered.setdefault(customer, profile.offers)
        return profile

    def _pass_time(self, customer: str, until_ms: int, used_up: Sequence[str] = ()) -> None:
        profile, playbook, world = self._profile(customer), self._playbook, self.known.world
        found = wake(profile, customer, playbook, until_ms, world)
        if used_up:
            found += recall(profile, customer, playbook, until_ms, used_up)
        for now_ms, decision in found:
            self._record(customer, decision, now_ms)

    def _record(self, customer: str, decision: Decision, now_ms: int, version: str = "") -> None:
        assert self._plan is not None
        plan, version = self._plan, version or self._playbook.version
        for action in decision.actions:
            at = Applied(self._shard, plan.generation, plan.commit, self._ordinal)
            self.recorded.append(hash(action_record(customer, action, now_ms, version, at)))
            self._ordinal += 1
        if decision.serving is not None:
            document = offers_document(customer, decision.serving)
            self.serving[customer] = hash(document), decision.serving.expires_at
        self.known.learn(decision.outcomes)
        self.known.spend(decision.spent)


class OrderFree:
    """What of the profiles is the same in any order of the input; each event once."""

    def __init__(self, playbook: Playbook) -> None:
        self._playbook = playbook
        self._profiles: defaultdict[str, Profile] = defaultdict(Profile)

    def apply(self, event: Touchpoint) -> None:
        """Take an event in that has not come before."""
        playbook = self._playbook
        window, purposes = playbook.limits.duplicates, playbook.purposes
        fold(self._profiles[event.customer_id], event, playbook.traits, window, purposes)

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
