"""The oracle: from the rows of the enriched log in their order, all that must have come of them."""

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from connectors.published.record_types import EnrichedRecord
from tests.oracle import memory
from tests.oracle.deeds import EPOCH, Deed, read_deed, text_of
from tests.oracle.offers import Course, Held, Step, begun, follow
from tests.oracle.probes import probes
from tests.oracle.rules import Rules, changed_parts, conditions, context_of

Body = dict[str, Any]
Acted = tuple[str, str, int, Body]
"""(kind of action, cause, when, body); a body has no decision id, which is opaque."""


class Row(NamedTuple):
    """What a row of the log must hold."""

    customer: str
    event: str
    occurred_at: int
    profile: dict[str, Any]
    segments: list[str]


class Taken(NamedTuple):
    """A row's event, as the rules of its time have it."""

    deed: Deed
    received_ms: int


def taken(record: EnrichedRecord, rules: Rules, planned_ms: int) -> Taken:
    """Of a row only its original event, its channel, when that was received, and its place in the
    log are read. `planned_ms`: its plan's `now`."""
    original = bytes(record.original)
    deed = read_deed(original, record.channel, rules.traits)
    received_ms = (record.received_at - EPOCH) // timedelta(milliseconds=1)
    happened_ms = rules.limits.happened(json.loads(original), received_ms, planned_ms)
    return Taken(deed._replace(at_ms=happened_ms), received_ms)


class Customer:
    """What the oracle knows of one customer."""

    def __init__(self) -> None:
        self.deeds: list[Deed] = []
        self.facts: dict[str, Any] = {}
        self.now_ms = 0
        """Of the last decision."""
        self.segments: dict[str, int] = {}
        self.raised: dict[tuple[str, str | None], int] = {}
        self.acted: list[Acted] = []
        self.steps: list[Step] = []
        self.missed: list[str] = []
        """What time should have brought about, and there is nothing of it in the log."""

    def knows(self, rules: Rules) -> bool:
        """Whether something has been decided by these rules."""
        return bool(self.steps) and self.steps[-1].rules is rules

    def context(self, now_ms: int, deed: Deed | None = None) -> dict[str, Any]:
        """What conditions see at `now_ms`."""
        return context_of(memory.known(self.deeds, now_ms), deed, now_ms)


class Account:
    """Everything, row by row and customer by customer."""

    def __init__(self) -> None:
        self.customers: dict[str, Customer] = defaultdict(Customer)

    def pass_time(self, customer: Customer, now_ms: int, rules: Rules) -> None:
        """Something was done for a customer at `now_ms` by time alone: see what must have been.

        It was not too late: nobody moves between this decision and the one before.
        """
        self.rest(customer, now_ms - 1)
        known = customer.knows(rules)
        since_ms = customer.now_ms
        customer.now_ms = now_ms
        before = customer.facts if known else {}
        customer.facts = memory.known(customer.deeds, now_ms)
        context = context_of(customer.facts, None, now_ms)
        context["segments"] = rules.segments(context)
        moved = self._move(customer, None, context["segments"])
        if not known:
            changed = changed_parts(before, customer.facts)
            self._raise(customer, None, context, changed, rules)
        if moved or not known or begun(rules, since_ms) != begun(rules, now_ms):
            customer.steps.append(Step(now_ms, "", rules, rules.eligible(context)))

    def rest(self, customer: Customer, until_ms: int) -> None:
        """Time has passed until `until_ms`, and nothing was done: see that nothing was to do."""
        rules = customer.steps[-1].rules
        for at_ms in probes(customer.deeds, rules, customer.now_ms, until_ms):
            inside = rules.segments(customer.context(at_ms))
            if inside != sorted(customer.segments):
                was = sorted(customer.segments)
                customer.missed.append(
                    f"from {text_of(customer.now_ms)} on {was}, "
                    f"but {inside} at {text_of(at_ms)}, before {text_of(until_ms)}"
                )
                return

    def take(self, event: Taken, rules: Rules, planned_ms: int) -> Row:
        """The next row; time has been let pass before."""
        deed = event.deed
        customer = self.customers[deed.customer]
        customer.deeds.append(deed)
        now_ms = max(min(event.received_ms, planned_ms), customer.now_ms)
        customer.now_ms = now_ms
        before = customer.facts if customer.knows(rules) else {}  # to a new playbook all is new
        customer.facts = memory.known(customer.deeds, now_ms)
        changed = changed_parts(before, customer.facts)
        context = context_of(customer.facts, deed, now_ms)
        segments = rules.segments(context)
        context["segments"] = segments
        self._move(customer, deed, segments)
        self._raise(customer, deed, context, changed, rules)
        eligible = rules.eligible(context)
        customer.steps.append(Step(now_ms, deed.message_id, rules, eligible))
        return Row(deed.customer, deed.name, deed.at_ms, rules.summary(context), segments)

    def _move(self, customer: Customer, deed: Deed | None, inside: list[str]) -> bool:
        now_ms, before = customer.now_ms, len(customer.acted)
        for name in inside:
            if name not in customer.segments:
                customer.segments[name] = now_ms
                body = {"segment": name, "since": text_of(now_ms)}
                cause = cause_of(deed, f"segment.{name}")
                customer.acted.append(("segment.entered", cause, now_ms, body))
        for name in [name for name in customer.segments if name not in inside]:
            body = {"segment": name, "since": text_of(customer.segments.pop(name))}
            cause = cause_of(deed, f"segment.{name}")
            customer.acted.append(("segment.exited", cause, now_ms, body))
        return len(customer.acted) > before

    def _raise(
        self,
        customer: Customer,
        deed: Deed | None,
        context: dict[str, Any],
        changed: set[str],
        rules: Rules,
    ) -> None:
        now_ms = customer.now_ms
        for alarm in rules.alarms(deed, context, changed, customer.raised, now_ms):
            body = {"alert": alarm.alert, "severity": alarm.severity, "message": alarm.message}
            if alarm.key is not None:
                body["key"] = alarm.key
            cause = cause_of(deed, f"alert.{alarm.alert}")
            customer.acted.append(("alert.raised", cause, now_ms, body))


def cause_of(deed: Deed | None, rule: str) -> str:
    """Time is a cause, too."""
    return f"time:{rule}" if deed is None else deed.message_id


def offer_body(held: Held, offer: Mapping[str, Any]) -> Body:
    """What a decision for an offer says, but for its id."""
    written = [" ".join(condition.split()) for condition in conditions(offer)]
    reason = offer.get("because") or "".join(written) or "for everyone"
    return {
        "offer_id": held.offer,
        "channel": held.channel,
        "score": held.score,
        "propensity": 1.0,
        "value": float(offer["value"]),
        "placement": held.placement,
        "reason": reason,
        "expires_at": text_of(held.expires_at),
        "power": 1.0,
        "weight": 1.0,
        "lever": float(offer["lever"]),
        "cost": 0.0,
        "among": held.among,
        "learned": None,
    }


def deciding(held: Held) -> tuple[str, int, str]:
    """Names a decision for an offer."""
    return held.caused_by, held.decided_at, held.offer


def decided(customer: Customer, order: Mapping[str, int]) -> tuple[Course, dict[Any, Any]]:
    """The course of a customer's offers if equal ones are drawn in `order`; and what it leads to:
    (cause, when, offer) → body of the decision, and which offers are `standing` at the end."""
    course = follow(customer.steps, order)
    offers = {step.now_ms: step.rules.written["offers"] for step in customer.steps}
    outcome: dict[Any, Any] = {
        deciding(held): offer_body(held, offers[held.decided_at][held.offer])
        for held in course.decided
    }
    return course, outcome | {"standing": [held.offer for held in course.held]}
