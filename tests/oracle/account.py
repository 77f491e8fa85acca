"""The oracle: from the rows of the enriched log in their order, all that must have come of them."""

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from connectors.published.record_types import EnrichedRecord
from tests.oracle import memory
from tests.oracle.deeds import EPOCH, Deed, read_deed, text_of
from tests.oracle.offers import Course, Held, Step, follow
from tests.oracle.rules import Rules, changed_parts, context_of

Body = dict[str, Any]
Acted = tuple[str, str, Body]
"""(kind of action, message id, body); a body has no decision id, which is opaque."""


class Row(NamedTuple):
    """What a row of the log must hold."""

    customer: str
    event: str
    occurred_at: int
    profile: dict[str, Any]
    segments: list[str]


class Customer:
    """What the oracle knows of one customer."""

    def __init__(self) -> None:
        self.deeds: list[Deed] = []
        self.facts: dict[str, Any] = {}
        self.now_ms = 0
        self.segments: dict[str, int] = {}
        self.raised: dict[tuple[str, str | None], int] = {}
        self.acted: list[Acted] = []
        self.steps: list[Step] = []


class Account:
    """Everything, row by row and customer by customer."""

    def __init__(self) -> None:
        self.customers: dict[str, Customer] = defaultdict(Customer)

    def take(self, record: EnrichedRecord, rules: Rules, now_ms: int) -> Row:
        """The next row; of it only its original event, its channel, when that was received, and
        its place in the log are read."""
        original = bytes(record.original)
        deed = read_deed(original, record.channel, rules.traits)
        logged_ms = (record.received_at - EPOCH) // timedelta(milliseconds=1)
        happened_ms = rules.limits.happened(json.loads(original), logged_ms, now_ms)
        deed = deed._replace(at_ms=happened_ms)
        customer = self.customers[deed.customer]
        customer.deeds.append(deed)
        customer.now_ms = now_ms
        seen = bool(customer.steps) and customer.steps[-1].rules is rules
        before = customer.facts if seen else {}  # to a new playbook all is new
        customer.facts = memory.known(customer.deeds, now_ms)
        changed = changed_parts(before, customer.facts)
        context = context_of(customer.facts, deed, now_ms)
        segments = rules.segments(context)
        context["segments"] = segments
        self._move(customer, deed, segments, now_ms)
        for alarm in rules.alarms(deed, context, changed, customer.raised, now_ms):
            body = {"alert": alarm.alert, "severity": alarm.severity, "message": alarm.message}
            if alarm.key is not None:
                body["key"] = alarm.key
            customer.acted.append(("alert.raised", deed.message_id, body))
        eligible = rules.eligible(context)
        customer.steps.append(Step(now_ms, deed.message_id, rules, eligible))
        return Row(deed.customer, deed.name, deed.at_ms, rules.summary(context), segments)

    def _move(self, customer: Customer, deed: Deed, inside: list[str], now_ms: int) -> None:
        for name in inside:
            if name not in customer.segments:
                customer.segments[name] = now_ms
                body = {"segment": name, "since": text_of(now_ms)}
                customer.acted.append(("segment.entered", deed.message_id, body))
        for name in [name for name in customer.segments if name not in inside]:
            body = {"segment": name, "since": text_of(customer.segments.pop(name))}
            customer.acted.append(("segment.exited", deed.message_id, body))


def offer_body(held: Held, offer: Mapping[str, Any]) -> Body:
    """What a decision for an offer says, but for its id."""
    reason = offer.get("because") or " ".join(offer.get("when", "").split()) or "for everyone"
    return {
        "offer_id": held.offer,
        "channel": held.channel,
        "score": held.score,
        "propensity": 1.0,
        "value": float(offer["value"]),
        "placement": held.placement,
        "reason": reason,
        "expires_at": text_of(held.expires_at),
    }


def decided(customer: Customer, order: Mapping[str, int]) -> tuple[Course, dict[Any, Any]]:
    """The course of a customer's offers if equal ones are drawn in `order`; and what it leads to:
    (message id, offer) → body of the decision, and which offers are `standing` at the end."""
    course = follow(customer.steps, order)
    offers = {step.message_id: step.rules.written["offers"] for step in customer.steps}
    outcome: dict[Any, Any] = {
        (held.caused_by, held.offer): offer_body(held, offers[held.caused_by][held.offer])
        for held in course.decided
    }
    return course, outcome | {"standing": [held.offer for held in course.held]}
