"""What goes wrong on the way: the ways in which a producer breaks an event."""

import random
from collections.abc import Callable

import orjson

Fields = dict[str, object]


def broken(rng: random.Random, value: bytes, message_id: str) -> bytes:
    """`value`, an event as JSON, broken in one of many ways; `message_id` is its new id."""
    fields: Fields = orjson.loads(value)
    fields["messageId"] = message_id
    flaw = FLAWS[int(rng.random() * len(FLAWS))]
    return flaw(fields)


def _truncated(fields: Fields) -> bytes:
    whole = orjson.dumps(fields)
    return whole[: len(whole) * 2 // 3]


def _not_utf8(fields: Fields) -> bytes:
    return orjson.dumps({**fields, "context": {"title": "caf@"}}).replace(b"caf@", b"caf\xe9")


def _nan(fields: Fields) -> bytes:
    return orjson.dumps({**fields, "properties": {"price": None}}).replace(b"null", b"NaN")


def _without(name: str) -> Callable[[Fields], bytes]:
    def flaw(fields: Fields) -> bytes:
        return orjson.dumps({key: value for key, value in fields.items() if key != name})

    return flaw


def _with(**wrong: object) -> Callable[[Fields], bytes]:
    def flaw(fields: Fields) -> bytes:
        return orjson.dumps(fields | wrong)

    return flaw


def _nobody(fields: Fields) -> bytes:
    return orjson.dumps(
        {key: value for key, value in fields.items() if key not in ("userId", "anonymousId")}
    )


def _nested(fields: Fields) -> bytes:
    shallow = orjson.dumps({**fields, "properties": {"deep": "@"}})
    return shallow.replace(b'"@"', b"[" * 10_000 + b"]" * 10_000)


FLAWS: tuple[Callable[[Fields], bytes], ...] = (
    _truncated,
    _not_utf8,
    _nan,
    _nobody,
    _nested,
    _without("messageId"),
    _without("type"),
    _with(messageId=12345),
    _with(messageId="m" * 129),
    _with(type="purchase"),
    _with(type="track", event=["Order Completed"]),
    _with(userId="c-" + "0" * 100_000),
    _with(timestamp="yesterday"),
    _with(timestamp="9999-12-31T23:59:59Z"),
    _with(properties="price=12"),
    _with(properties={f"key-{number}": number for number in range(300)}),
    lambda fields: orjson.dumps([fields]),
    lambda _: b"<html><body>502 Bad Gateway</body></html>",
    lambda _: b"",
)
