"""Which records a reader asked for: a question to one record. Pure."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from msgspec import Struct

from connectors.kafka.topics import ACTIONS, ENRICHED
from connectors.published.record_types import ActionRecord, EnrichedRecord
from connectors.published.schema_requests import REQUESTS

OFFER, ANSWER, ALERT = "offer.decided", "offer.answered", "alert.raised"
ESCALATED, ACKNOWLEDGED = "alert.escalated", "alert.acknowledged"
CLEARED = "alert.cleared"
ALERTS = (ALERT, ESCALATED, ACKNOWLEDGED, CLEARED)
ENTERED, EXITED = "segment.entered", "segment.exited"
STARTED, ENDED = "journey.started", "journey.ended"
EVENT = "event"
"""Ours for the records of touchpoints.enriched, which have no kind."""
ACTION_KINDS = (OFFER, ANSWER, *ALERTS, ENTERED, EXITED, STARTED, ENDED, *REQUESTS)
KINDS = (*ACTION_KINDS, EVENT)
SHORT = {
    "offer": (OFFER, ANSWER),
    "alert": ALERTS,
    "segment": (ENTERED, EXITED),
    "journey": (STARTED, ENDED),
    "action": tuple(REQUESTS),
}
"""What may be typed for them."""

NARROWS = {
    "offers": (OFFER, ANSWER),
    "alerts": ALERTS,
    "severities": ALERTS,
    "segments": (ENTERED, EXITED),
    "journeys": (STARTED, ENDED, *REQUESTS),
}
"""Field of a selection → the kinds it says something about."""

KEYS = {
    "offers": "offer_id",
    "alerts": "alert",
    "severities": "severity",
    "segments": "segment",
    "journeys": "journey",
}
"""Field of a selection → the key of the body, or of its origin, that is among it."""

Record = ActionRecord | EnrichedRecord


def moment_of(record: Record) -> datetime:
    """When it was decided, or for an event when it came."""
    return record.decided_at if isinstance(record, ActionRecord) else record.received_at


class Selection(Struct, frozen=True):
    """Kinds, and for each kind what it is narrowed to; an empty set narrows nothing."""

    kinds: frozenset[str] = frozenset(ACTION_KINDS)
    customer: str | None = None
    offers: frozenset[str] = frozenset()
    alerts: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    journeys: frozenset[str] = frozenset()

    def topics(self) -> tuple[str, ...]:
        """Where its kinds are published."""
        actions = (ACTIONS,) if self.kinds & set(ACTION_KINDS) else ()
        return (*actions, ENRICHED) if EVENT in self.kinds else actions

    def takes(self, record: Record) -> bool:
        """Whether `record` is asked for."""
        if self.customer is not None and record.customer_id != self.customer:
            return False
        if isinstance(record, EnrichedRecord):
            return EVENT in self.kinds
        if record.kind not in self.kinds:
            return False
        body = record.body
        about: Any = (body.get("origin") or {}) if record.kind in REQUESTS else body
        return all(
            about.get(KEYS[field]) in wanted
            for field, kinds in NARROWS.items()
            if record.kind in kinds and (wanted := getattr(self, field))
        )


def select(kinds: Collection[str], customer: str | None, **narrowed: Collection[str]) -> Selection:
    """A selection of what was typed; without `kinds`, those that `narrowed` is about, else all
    actions.

    Raises ValueError when something narrows a kind that is not among `kinds`.
    """
    asked = {long for kind in kinds for long in SHORT.get(kind, (kind,))}
    given = {name: frozenset(values) for name, values in narrowed.items() if values}
    for name in given:
        if asked and not asked & set(NARROWS[name]):
            raise ValueError(name)
    about = {kind for name in given for kind in NARROWS[name]}
    return Selection(frozenset(asked or about or ACTION_KINDS), customer, **given)
