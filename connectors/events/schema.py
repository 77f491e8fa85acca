"""JSON Schemas of what producers send: of any event that is taken, and of each channel's events.

A schema says less than the decoder: docs/events.md lists what it cannot say. On the other hand the
schemas of channels are stricter: a property that would be taken and ignored is wrong there.
"""

from typing import Any, Final, get_args

from msgspec import Struct

from connectors.events.decode import MAX_ID_CHARACTERS
from connectors.events.event import FIXED_NAMES, Event, Name
from connectors.events.schema_names import KNOWN, KnownEvent, of_channel
from connectors.events.schema_of_types import Schema, schemas_of
from connectors.events.timing import span
from state.limits import USUAL

EVENT: Final = "Event"
TYPES: Final = ("track", *FIXED_NAMES)

LONGEST: Final[int] = get_args(Name)[1].max_length
"""Characters of a message id or an event's name."""

WINDOW: Final = USUAL.duplicates

FIELDS: Final = {
    "messageId": (
        "required",
        (
            f"1 to {LONGEST} characters. The same id again for the same customer, among their last "
            f"{WINDOW.ids} events and within {span(WINDOW.within_ms)}, is counted as a duplicate "
            "and changes nothing; a playbook may say other numbers."
        ),
    ),
    "type": ("required", f"{', '.join(f'`{name}`' for name in TYPES)}: a call of the spec."),
    "event": (
        "for `track`",
        (
            f"The event's name, 1 to {LONGEST} characters. Other types have a fixed one: "
            f"{', '.join(f'`{name}`' for name in FIXED_NAMES.values())}."
        ),
    ),
    "userId": (
        "one of these two",
        f"The customer. 1 to {MAX_ID_CHARACTERS} characters, no control characters.",
    ),
    "anonymousId": ("", "The customer where `userId` is missing or null; within the same limits."),
    "timestamp": (
        "one of these two",
        "When it happened, RFC 3339 with a zone (`2026-01-15T09:30:00.000Z`).",
    ),
    "originalTimestamp": (
        "",
        (
            "When it happened, where `timestamp` is missing or null; and by the device's clock, "
            "where `sentAt` corrects a time in the future."
        ),
    ),
    "sentAt": (
        "",
        (
            "When the device sent it, by its own clock, RFC 3339 with a zone; read where the event "
            "says a time in the future."
        ),
    ),
    "receivedAt": (
        "",
        (
            "When a server of the producer's received it, RFC 3339 with a zone; read where the "
            "event says a time in the future."
        ),
    ),
    "properties": ("", "An object: what happened."),
    "traits": ("", "An object: what `identify` says of the customer."),
    "version": ("", "A text or a number; not used."),
}
"""Field of an event → when it is needed, and what it is."""

CONTROL: Final = "[\\u0000-\\u001f\\u007f-\\u009f]"
ID: Final[Schema] = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_ID_CHARACTERS,
    "not": {"pattern": CONTROL},
}
"""The id that counts."""


def components(template: str) -> dict[str, Schema]:
    """Name → schema: `Event`, and the properties of known events.

    `template` says where they lie, such as "#/definitions/{name}".
    """
    kinds = dict.fromkeys(event.properties for event in KNOWN.values())
    schemas = schemas_of([Event, *kinds], template)
    schemas[EVENT] = _taken(schemas[EVENT])
    for kind in kinds:
        schemas[kind.__name__]["type"] = ["object", "null"]
    return schemas


def channel_schema(channel: str, template: str) -> Schema:
    """An event of `channel`: any that is taken, and what is read of the known ones makes sense."""
    by_kind: dict[type[Struct], list[str]] = {}
    for event in of_channel(channel):
        by_kind.setdefault(event.properties, []).append(event.name)
    return {
        "title": f"{channel} event",
        "description": "An event of this channel. Names that are not known here are taken as well; "
        "their properties are for rules and for the warehouse.",
        "allOf": [
            _refer(EVENT, template),
            *({"if": _is(names), "then": _says(kind, template)} for kind, names in by_kind.items()),
        ],
    }


def known_schema(event: KnownEvent, template: str) -> Schema:
    """An event of this name."""
    return {
        "allOf": [_refer(EVENT, template), _is([event.name]), _says(event.properties, template)]
    }


def _taken(event: Schema) -> Schema:
    """What the types say, and the rules that they cannot."""
    properties = event["properties"]
    for name, (_, description) in FIELDS.items():
        properties[name] = {"description": description, **properties[name]}
    properties["type"]["enum"] = list(TYPES)
    return {
        **event,
        "description": "An event that is taken, be its name known or not. "
        "Other fields, such as `context`, may be there.",
        "allOf": [
            {
                "if": {"properties": {"type": {"const": "track"}}},
                "then": {"required": ["event"], "properties": {"event": {"type": "string"}}},
            },
            {"anyOf": [_there("timestamp"), _there("originalTimestamp")]},
            {
                "if": _there("userId"),
                "then": {"properties": {"userId": ID}},
                "else": {"required": ["anonymousId"], "properties": {"anonymousId": ID}},
            },
        ],
    }


def _there(name: str) -> Schema:
    """The field is there, and not null."""
    return {"required": [name], "properties": {name: {"type": "string"}}}


def _is(names: list[str]) -> Schema:
    """A track event of one of these names."""
    said: dict[str, Any] = {"type": {"const": "track"}, "event": {"enum": names}}
    return {"required": list(said), "properties": said}


def _says(kind: type[Struct], template: str) -> Schema:
    return {"properties": {"properties": _refer(kind.__name__, template)}}


def _refer(name: str, template: str) -> Schema:
    return {"$ref": template.format(name=name)}
