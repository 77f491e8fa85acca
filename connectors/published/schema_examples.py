"""One record of each kind, for documents: made by the functions that make the real ones."""

from typing import Any, Final

from msgspec.json import decode

from connectors.events.dead_letter import Reason
from connectors.events.schema_names import KnownEvent, example
from connectors.published.records import (
    action_record,
    dead_letter_record,
    enriched_record,
    offers_document,
)
from state.applied import Applied
from state.decision import Action, ServedOffer, Serving
from state.decision_ids import decision_id
from state.times import rfc3339
from state.touchpoint import Touchpoint, identity

AT_MS: Final = 1_768_469_400_000
"""2026-01-15T09:30:00Z."""
CUSTOMER: Final = "ann"
CAUSE: Final = "0197-5f0e-click-1"
PLAYBOOK: Final = "7d0c1f2a9b3e"
DAY_MS: Final = 86_400_000
PLACE: Final = Applied(shard=3, generation=0, commit=1207, index=0)
DECISION: Final = decision_id(CUSTOMER, identity(CUSTOMER, CAUSE, "offer.decided", "welcome")).hex()
RUN: Final = identity(CUSTOMER, CAUSE, "journey.started", "abandoned_cart:c-81").hex()
REASONS: Final = ["for everyone", "value 10 × lever 40"]  # noqa: RUF001 - the sign is meant

_BODIES: Final[dict[str, dict[str, Any]]] = {
    "offer.decided": {
        "offer_id": "welcome",
        "decision_id": DECISION,
        "channel": "click",
        "score": 400.0,
        "propensity": 1.0,
        "value": 10.0,
        "placement": "home",
        "reasons": REASONS,
        "expires_at": rfc3339(AT_MS + DAY_MS),
        "group": "first_steps",
        "power": 1.0,
        "weight": 1.0,
        "lever": 40.0,
        "cost": 0.0,
        "arms": {"control": "treated", "tone": "warm"},
        "eligible": {
            "offer_id": ["welcome", "delivery"],
            "channel": ["click", "click"],
            "placement": ["home", "home"],
            "propensity": [1.0, 0.5],
            "weight": [1.0, 1.0],
            "score": [400.0, 12.5],
        },
        "learned": None,
    },
    "offer.answered": {
        "offer_id": "welcome",
        "decision_id": DECISION,
        "group": "first_steps",
        "channel": "click",
        "placement": "home",
        "answer": "accepted",
        "decided_at": rfc3339(AT_MS - DAY_MS // 48),
    },
    "alert.raised": {
        "alert": "kiosk_failing",
        "severity": "warning",
        "message": "Kiosk k-3 in Berlin Mitte: the third failure in a row.",
        "key": "k-3",
    },
    "alert.escalated": {
        "alert": "kiosk_failing",
        "severity": "critical",
        "message": "Nobody has looked at kiosk k-3 for half an hour.",
        "key": "k-3",
        "raised_at": rfc3339(AT_MS - DAY_MS // 48),
        "step": 1,
    },
    "alert.acknowledged": {
        "alert": "kiosk_failing",
        "severity": "warning",
        "key": "k-3",
        "raised_at": rfc3339(AT_MS - DAY_MS // 48),
    },
    "alert.cleared": {
        "alert": "kiosk_failing",
        "severity": "warning",
        "key": "k-3",
        "raised_at": rfc3339(AT_MS - DAY_MS // 48),
    },
    "segment.entered": {"segment": "cart_open", "since": rfc3339(AT_MS)},
    "segment.exited": {"segment": "cart_open", "since": rfc3339(AT_MS)},
    "journey.started": {
        "run": RUN,
        "journey": "abandoned_cart",
        "version": "5b1f0c7722aa",
        "key": "c-81",
    },
    "journey.ended": {
        "run": RUN,
        "journey": "abandoned_cart",
        "version": "5b1f0c7722aa",
        "step": "come_back",
        "reason": "exit",
        "started_at": rfc3339(AT_MS - DAY_MS),
        "key": "c-81",
    },
}

_OTHERS: Final = {"journey.started": "abandoned_cart:c-81", "journey.ended": RUN}
"""What actions are about of which no single key of the body says it."""

_REQUESTS: Final[dict[str, dict[str, Any]]] = {
    "webhook": {
        "url": "https://shop.example/crm/accounts/ann/notes",
        "method": "POST",
        "headers": {"Authorization": {"secret": "CRM_TOKEN"}, "X-Source": "touchline"},
        "payload": {"rating": 2, "orders": 640.5},
        "payload_secrets": {"routing_key": {"secret": "CRM_ROUTING_KEY"}},
    },
    "email.request": {
        "template": "cart_reminder",
        "to": "ann@example.com",
        "values": {"cart": "c-81", "total": 79.5},
    },
    "lead.route": {"table": "sales", "region": "DE", "score": 640.5, "queue": "team_dach"},
    "ticket.request": {
        "queue": "store_support",
        "subject": "Kiosk k-3 fails",
        "text": "3 payments of one customer failed at it.",
        "priority": "high",
    },
    "push.request": {"title": "We are sorry", "text": "What went wrong?", "values": {"rating": 2}},
    "log": {"message": "A payment failed at kiosk k-3"},
}


def _request(kind: str) -> dict[str, Any]:
    """The body of an action that others are asked for."""
    return {
        "origin": {"alert": "kiosk_failing", "key": "k-3"},
        "requires_approval": kind == "email.request",
        "idempotency_key": identity(CUSTOMER, CAUSE, kind, "kiosk_failing.1").hex(),
        "expires_at": rfc3339(AT_MS + DAY_MS),
        **_REQUESTS[kind],
    }


def sent(event: KnownEvent) -> dict[str, Any]:
    """An event as its producer sends it."""
    return {
        "messageId": f"0197-5f0e-{event.channel}-1",
        "type": "track",
        "event": event.name,
        "userId": CUSTOMER,
        "timestamp": rfc3339(AT_MS),
        "properties": example(event),
    }


IDENTIFY: Final[dict[str, Any]] = {
    "messageId": "0197-5f0e-click-3",
    "type": "identify",
    "userId": CUSTOMER,
    "timestamp": rfc3339(AT_MS),
    "traits": {"city": "Berlin", "plan": "plus"},
}
PAGE: Final[dict[str, Any]] = {
    "messageId": "0197-5f0e-click-4",
    "type": "page",
    "anonymousId": "a-77",
    "timestamp": rfc3339(AT_MS),
    "properties": {"path": "/shoes"},
}


def enriched() -> dict[str, Any]:
    """An `EnrichedRecord`."""
    raw = b'{"messageId": "%s", "type": "page", "userId": "ann", "timestamp": "%s"}' % (
        CAUSE.encode(),
        rfc3339(AT_MS).encode(),
    )
    digest = identity(CUSTOMER, CAUSE)
    touchpoint = Touchpoint(
        digest.hex(),
        digest[:8],
        CAUSE,
        CUSTOMER,
        "click",
        "page",
        "Page Viewed",
        AT_MS,
        AT_MS + 120,
        {},
        {},
        raw,
    )
    summary = {"orders": 2, "cart_value": 79.5}
    return _read(enriched_record(touchpoint, summary, ["cart_open"], PLACE, PLAYBOOK))


def action(kind: str) -> dict[str, Any]:
    """An `ActionRecord` of this kind."""
    body = _request(kind) if kind in _REQUESTS else _BODIES[kind]
    subject = body.get("offer_id") or body.get("alert") or body.get("segment") or _OTHERS.get(kind)
    subject = subject or "kiosk_failing.1"
    number = DECISION if kind == "offer.decided" else identity(CUSTOMER, CAUSE, kind, subject).hex()
    return _read(
        action_record(CUSTOMER, Action(number, kind, CAUSE, body), AT_MS + 150, PLAYBOOK, PLACE)
    )


def dead_letter() -> dict[str, Any]:
    """A `DeadLetterRecord`."""
    return _read(
        dead_letter_record(
            b'{"messageId": "m-1"}',
            CUSTOMER.encode(),
            [("trace", b"7f3a")],
            "touchpoints.click",
            3,
            4711,
            Reason.INVALID,
            "Object missing required field `type`",
            "decode",
            AT_MS,
            AT_MS,
            PLACE,
        )
    )


def offers() -> dict[str, Any]:
    """An `OffersDocument`."""
    served = ServedOffer(
        offer_id="welcome",
        decision_id=DECISION,
        channel="click",
        rank=1,
        score=400.0,
        propensity=1.0,
        value=10.0,
        placement="home",
        reasons=REASONS,
        expires_at=AT_MS + DAY_MS,
    )
    return _read(offers_document(CUSTOMER, Serving(AT_MS, AT_MS + DAY_MS, [served])))


def _read(record: bytes) -> dict[str, Any]:
    found: dict[str, Any] = decode(record)
    return found
