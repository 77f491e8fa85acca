"""The records that are published, as their readers see them; `records` makes their bytes.

Moments are RFC 3339 in UTC with milliseconds. A reader takes records of a partition in order of
`applied` and drops what is not higher than the last one taken: see `state.applied`.
"""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from connectors.events.dead_letter import Reason
from state.applied import Applied


class EnrichedRecord(Struct, frozen=True, gc=False):
    """`touchpoints.enriched`: an event with what was known of its customer once it had counted."""

    id: str
    """32 hex digits, a function of customer id and message id."""
    customer_id: str
    channel: str
    event: str
    """The event's name."""
    occurred_at: datetime
    """By the producer's clock."""
    received_at: datetime
    """The log record's timestamp: when it was sent or, with LogAppendTime, logged."""
    original: Raw
    """The event as it came: the text of one JSON object."""
    profile: dict[str, Any]
    """The summary that the playbook declares."""
    segments: list[str]
    """Those the customer was in after this event, sorted."""
    applied: Applied
    playbook: str
    """Version of the playbook that was used."""


class ActionRecord(Struct, frozen=True, gc=False):
    """`touchpoints.actions`: something decided once; a repeat has the same bytes."""

    id: str
    """32 hex digits; one per decision."""
    kind: str
    """offer.decided, offer.answered, segment.entered, segment.exited, alert.raised,
    alert.escalated, alert.acknowledged, alert.cleared, journey.started, journey.ended; or what
    others are asked to do: webhook, email.request, lead.route, ticket.request, push.request,
    log."""
    customer_id: str
    caused_by: str
    """The message id of the event that led to it; `time:<rule>:<message id>` where time alone did,
    with that of the event from which on it was counted, if there was one; `stock:<product>` where
    a product was sold out, `budget:<budget>` where a budget was spent; `asked:<message id>` of a
    request to `touchline run decide`."""
    decided_at: datetime
    playbook: str
    applied: Applied
    body: dict[str, Any]
    """What it holds depends on `kind`."""


class DeadLetterRecord(Struct, frozen=True, gc=False):
    """`touchpoints.dead-letter`: a record that was not taken, whole, and why."""

    value: bytes | None
    """As it came (base64 in JSON); None for a tombstone."""
    key: bytes | None
    headers: list[tuple[str, bytes | None]]
    """The first 64; a name longer than 128 characters is cut."""
    topic: str
    partition: int
    offset: int
    """Topic, partition and offset name the place where it came from."""
    reason: Reason
    detail: str
    """For people; never a value out of the event."""
    stage: str
    """The step that refused it."""
    at: datetime
    """When it became a dead letter: the time of its flush."""
    first_at: datetime
    """When it first did: earlier than `at` if it was replayed since, and refused again."""
    applied: Applied


class OfferEntry(Struct, frozen=True, gc=False):
    """One offer in `OffersDocument`."""

    offer_id: str
    decision_id: str
    """To be sent back as `properties.decision_id` when the offer is shown, clicked or taken."""
    channel: str
    rank: int
    """1 is the best."""
    score: float
    propensity: float
    value: float
    placement: str
    reasons: list[str]
    expires_at: datetime
    products: list[str] | UnsetType = UNSET
    """Ids of what is offered; several are a bundle. Left out where the offer names no products."""
    price: float | UnsetType = UNSET
    """What they cost together, in the shop's currency, as of the decision; left out where that is
    not known."""


class OffersDocument(Struct, frozen=True, gc=False):
    """What a personalization service reads of a customer with one GET."""

    customer_id: str
    as_of: datetime
    expires_at: datetime
    """When the key goes."""
    offers: list[OfferEntry]
    """By rank."""


read_enriched = msgspec.json.Decoder(EnrichedRecord).decode
read_action = msgspec.json.Decoder(ActionRecord).decode
read_dead_letter = msgspec.json.Decoder(DeadLetterRecord).decode
read_offers = msgspec.json.Decoder(OffersDocument).decode
