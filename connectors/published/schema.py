"""JSON Schemas of what is published: the records of the three topics, and the serving key's value.

Made of the types in `record_types` and `schema_bodies`. They say what is there, not that nothing
else will be: fields may be added, and readers leave alone what they do not know.
"""

from typing import Any, Final

from connectors.events.schema import EVENT
from connectors.events.schema_of_types import Schema, schemas_of
from connectors.published.record_types import (
    ActionRecord,
    DeadLetterRecord,
    EnrichedRecord,
    OfferEntry,
    OffersDocument,
)
from connectors.published.records import (
    MAX_DETAIL_CHARACTERS,
    MAX_HEADER_NAME_CHARACTERS,
    MAX_HEADERS,
)
from connectors.published.schema_bodies import (
    BODIES,
    SEVERITIES,
    AlertAcknowledged,
    AlertCleared,
    AlertEscalated,
    AlertRaised,
    Eligible,
    OfferAnswered,
    OfferDecided,
)
from connectors.published.schema_requests import (
    MAX_KEY_CHARACTERS,
    METHODS,
    PRIORITIES,
    REQUESTS,
    Origin,
    SecretReference,
    TicketRequest,
    Webhook,
)
from state.applied import COMMIT_BITS, GENERATION_BITS, INDEX_BITS, Applied
from state.decision import MOST_ELIGIBLE

STAGES: Final = ("decode", "route", "decide")
"""Steps that refuse an event."""

DIGITS: Final[Schema] = {"pattern": "^[0-9a-f]{32}$"}
NOT_NEGATIVE: Final[Schema] = {"minimum": 0}

NARROWER: Final[dict[tuple[type, str], Schema]] = {
    (EnrichedRecord, "id"): DIGITS,
    (ActionRecord, "id"): DIGITS,
    (ActionRecord, "kind"): {"enum": list(BODIES)},
    (DeadLetterRecord, "partition"): NOT_NEGATIVE,
    (DeadLetterRecord, "offset"): NOT_NEGATIVE,
    (DeadLetterRecord, "detail"): {"maxLength": MAX_DETAIL_CHARACTERS},
    (DeadLetterRecord, "stage"): {"enum": list(STAGES)},
    (DeadLetterRecord, "headers"): {"maxItems": MAX_HEADERS},
    (Applied, "shard"): NOT_NEGATIVE,
    (Applied, "generation"): {"minimum": 0, "maximum": (1 << GENERATION_BITS) - 1},
    (Applied, "commit"): {"minimum": 0, "maximum": (1 << COMMIT_BITS) - 1},
    (Applied, "index"): {"minimum": 0, "maximum": (1 << INDEX_BITS) - 1},
    (OfferEntry, "rank"): {"minimum": 1},
    (OfferEntry, "decision_id"): DIGITS,
    (OfferDecided, "decision_id"): DIGITS,
    (OfferAnswered, "decision_id"): DIGITS,
    **{(Eligible, column): {"maxItems": MOST_ELIGIBLE} for column in Eligible.__struct_fields__},
    **{
        (kind, "severity"): {"enum": list(SEVERITIES)}
        for kind in (AlertRaised, AlertEscalated, AlertAcknowledged, AlertCleared)
    },
    (AlertEscalated, "step"): {"minimum": 1},
    (SecretReference, "secret"): {"pattern": "^[A-Z][A-Z0-9_]{0,63}$"},
    (Webhook, "method"): {"enum": list(METHODS)},
    (TicketRequest, "priority"): {"enum": list(PRIORITIES)},
    **{
        (body, "idempotency_key"): {"minLength": 1, "maxLength": MAX_KEY_CHARACTERS}
        for body in REQUESTS.values()
    },
}
"""Type and field → what is true of it beyond its type."""

TYPES: Final = (EnrichedRecord, ActionRecord, DeadLetterRecord, OffersDocument)


def components(template: str) -> dict[str, Schema]:
    """Name → schema: the records, what they are made of, and the body of each kind of action.

    They refer to those of `connectors.events.schema`, too. `template` says where both lie, such as
    "#/definitions/{name}".
    """
    schemas = schemas_of(
        [*TYPES, Applied, Eligible, OfferEntry, Origin, SecretReference, *BODIES.values()], template
    )
    for (kind, field), said in NARROWER.items():
        schemas[kind.__name__]["properties"][field] |= said
    # A record of it was taken, so it is an event.
    schemas[EnrichedRecord.__name__]["properties"]["original"] = _refer(EVENT, template)
    header = schemas[DeadLetterRecord.__name__]["properties"]["headers"]["items"]["items"]
    header[0]["maxLength"] = MAX_HEADER_NAME_CHARACTERS
    schemas[ActionRecord.__name__]["allOf"] = [
        {"if": _is(kind), "then": _holds(kind, template)} for kind in BODIES
    ]
    return schemas


def action_schema(kind: str, template: str) -> Schema:
    """An action of this kind."""
    said = {**_is(kind)["properties"], **_holds(kind, template)["properties"]}
    return {"allOf": [_refer(ActionRecord.__name__, template), {"properties": said}]}


def _is(kind: str) -> Schema:
    said: dict[str, Any] = {"kind": {"const": kind}}
    return {"properties": said}


def _holds(kind: str, template: str) -> Schema:
    return {"properties": {"body": _refer(BODIES[kind].__name__, template)}}


def _refer(name: str, template: str) -> Schema:
    return {"$ref": template.format(name=name)}
