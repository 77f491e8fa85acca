"""The AsyncAPI 3.0 document: every topic in and out, its messages, keys, limits and schemas.

https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from collections.abc import Iterable
from typing import Any, Final

from connectors.events import schema as events
from connectors.events.decode import MAX_BYTES, MAX_ID_CHARACTERS
from connectors.events.schema_names import KNOWN, KnownEvent, of_channel
from connectors.events.schema_of_types import Schema
from connectors.kafka.topics import (
    ACTIONS,
    DEAD_LETTER,
    ENRICHED,
    MAX_DEAD_LETTER_BYTES,
    MAX_RECORD_BYTES,
    channel_topic,
)
from connectors.published import schema as records
from connectors.published import schema_examples as examples
from connectors.published.schema_bodies import BODIES

SCHEMAS: Final = "#/components/schemas/{name}"
BINDING: Final = {"bindingVersion": "0.5.0"}
"""Of Kafka's bindings."""

ABOUT: Final = """\
Customers' events in, decisions out. docs/events.md explains for people what this says for programs.

The four channels are those that are set unless told otherwise. With TOUCHLINE_CHANNELS set,
`python -m flows.asyncapi` prints this document for the channels that there are; a channel that is
none of the four takes the known events of all.

All topics have the same number of partitions (TOUCHLINE_PARTITIONS), which is fixed for life:
partition n of each holds the same customers.

Not here is touchpoints.forward, by which events that came in another partition than their
customer's get there, nor touchpoints.decided, by which what was decided for who asked gets
to the customer's partition. Nobody but Touchline reads or writes them.

What a personalization service reads is no topic: the value of the Redis key
touchline:offers:<customer id> is an OffersDocument, see components.
"""
PARTITIONER: Final = (
    "The customer's id, UTF-8. Records are placed by the partitioner of Java's clients "
    "(murmur2; librdkafka: partitioner=murmur2_random)."
)
ONCE: Final = (
    "After a crash records may come again, with the same bytes. A reader that takes of each "
    "partition only what has a higher place in `applied` than all it took before sees each once."
)
PLANS: Final = (
    "A record without a key is no event but a plan, by which the flow finishes what a crash "
    "interrupted: leave it out."
)


def document(channels: Iterable[str], partitions: int, version: str) -> dict[str, Any]:
    """The document, as plain values. `version` is the product's; `partitions` of every topic."""
    channels = tuple(channels)
    topics = {channel: _input(channel, partitions) for channel in channels}
    topics |= {
        "enriched": _topic(
            ENRICHED,
            f"Each event that counted, with what was known of its customer then. {ONCE} {PLANS}",
            {"enriched": _message("enriched")},
            partitions,
            MAX_RECORD_BYTES,
        ),
        "actions": _topic(
            ACTIONS,
            f"Each decision. {ONCE}",
            {kind: _message(kind) for kind in BODIES},
            partitions,
            MAX_RECORD_BYTES,
        ),
        "deadLetter": _topic(
            DEAD_LETTER,
            f"Each record that was not taken, whole, and why. {ONCE}",
            {"deadLetter": _message("deadLetter")},
            partitions,
            MAX_DEAD_LETTER_BYTES,
        ),
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Touchline",
            "version": version,
            "description": ABOUT,
            "license": {
                "name": "Apache-2.0",
                "url": "https://www.apache.org/licenses/LICENSE-2.0",
            },
        },
        "defaultContentType": "application/json",
        "servers": {"kafka": _server()},
        "channels": topics,
        "operations": {
            name: {
                "action": "receive" if name in channels else "send",
                "channel": {"$ref": f"#/channels/{name}"},
                "summary": topic["description"].partition(". ")[0] + ".",
                "messages": [
                    {"$ref": f"#/channels/{name}/messages/{message}"}
                    for message in topic["messages"]
                ],
            }
            for name, topic in topics.items()
        },
        "components": {
            "messages": dict(_messages(channels)),
            "schemas": _schemas(),
        },
    }


def _server() -> dict[str, Any]:
    return {
        "host": "{host}:{port}",
        "protocol": "kafka",
        "description": "Any Kafka, as TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS says; here that of "
        "`make run`, on this machine alone.",
        "variables": {
            "host": {"default": "127.0.0.1", "description": "A bootstrap server."},
            "port": {"default": "19092", "description": "The one `make run` has if it is free."},
        },
    }


def _input(channel: str, partitions: int) -> dict[str, Any]:
    messages = {_camel(event.name): _message(_camel(event.name)) for event in of_channel(channel)}
    return _topic(
        channel_topic(channel),
        f"Events of the channel {channel}. At most {MAX_BYTES} bytes each; what is not taken goes "
        f"to {DEAD_LETTER}.",
        messages | {"event": _message("event")},
        partitions,
        MAX_RECORD_BYTES,
    )


def _topic(
    topic: str, description: str, messages: dict[str, Any], partitions: int, max_bytes: int
) -> dict[str, Any]:
    return {
        "address": topic,
        "description": description,
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": messages,
        "bindings": {
            "kafka": {
                "topic": topic,
                "partitions": partitions,
                "topicConfiguration": {"max.message.bytes": max_bytes},
                **BINDING,
            }
        },
    }


def _message(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/messages/{name}"}


def _messages(channels: Iterable[str]) -> Iterable[tuple[str, dict[str, Any]]]:
    """Name → message, of all that some channel has."""
    met = {event.name for channel in channels for event in of_channel(channel)}
    for event in KNOWN.values():
        if event.name in met:
            yield _camel(event.name), _known(event)
    yield (
        "event",
        _described(
            "event",
            "Any other event",
            "Taken, counted by its name, seen by rules; an identify keeps declared traits",
            _refer(events.EVENT),
            _key(PARTITIONER),
            [examples.IDENTIFY, examples.PAGE],
        )
        | {"headers": HEADERS},
    )
    yield (
        "enriched",
        _described(
            "enriched",
            "An event that counted",
            "With what was known of its customer",
            _refer("EnrichedRecord"),
            _key("The customer's id. Records without a key are plans."),
            [examples.enriched()],
        ),
    )
    for kind in BODIES:
        yield (
            kind,
            _described(
                kind,
                kind.replace(".", " ").capitalize(),
                _of(kind),
                records.action_schema(kind, SCHEMAS),
                _key("The customer's id."),
                [examples.action(kind)],
            ),
        )
    yield (
        "deadLetter",
        _described(
            "deadLetter",
            "A record that was not taken",
            "Whole, and why",
            _refer("DeadLetterRecord"),
            {
                "type": ["string", "null"],
                "description": "That of the record, byte by byte, unless it is longer than any id "
                "can be; `key` in the value is there in any case.",
            },
            [examples.dead_letter()],
        ),
    )


HEADERS: Final[Schema] = {
    "type": "object",
    "description": "Not read. They go into the dead letter of an event that is not taken.",
}


def _known(event: KnownEvent) -> dict[str, Any]:
    summary = f"Changes: {event.effect}" if event.effect else "Counted by its name"
    return {
        **_described(
            _camel(event.name),
            event.name,
            summary,
            events.known_schema(event, SCHEMAS),
            _key(PARTITIONER),
            [examples.sent(event)],
        ),
        "headers": HEADERS,
    }


def _described(
    name: str, title: str, summary: str, payload: Schema, key: Schema, shown: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "name": name,
        "title": title,
        "summary": summary,
        "contentType": "application/json",
        "payload": payload,
        "bindings": {"kafka": {"key": key, **BINDING}},
        "examples": [{"payload": one} for one in shown],
    }


def _key(description: str) -> Schema:
    return {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_ID_CHARACTERS,
        "description": description,
    }


def _schemas() -> dict[str, Schema]:
    schemas = {**events.components(SCHEMAS), **records.components(SCHEMAS)}
    schemas["OffersDocument"]["examples"] = [examples.offers()]
    return dict(sorted(schemas.items()))


def _of(kind: str) -> str:
    """What an action of this kind is, in a sentence."""
    text = (BODIES[kind].__doc__ or "").partition(": ")[2]
    return text[0].upper() + text[1:]


def _camel(name: str) -> str:
    """`Product Viewed` → `productViewed`."""
    text = name.title().replace(" ", "")
    return text[0].lower() + text[1:]


def _refer(name: str) -> Schema:
    return {"$ref": SCHEMAS.format(name=name)}
