"""Events that nobody meant to send: real ones, changed in a place or two, by a seed."""

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import orjson

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 1e308, -0.0, 2**63 - 1, 2**64 - 1),
    *("", " ", "0", "null", "\x00", "\u202e", "é" * 300, "x" * 5_000, "2026-02-30T25:61:00Z"),
    *([], {}, [[]], {"": {}}, [None], {"a": {"b": {"c": []}}}, ["x"] * 400),
)


def mutated(rng: random.Random, value: bytes, message_id: str) -> bytes:
    """`value`, an event as JSON, changed in one to three places, under another message id.

    Where that is changed as well, it stays one of its own: what shares its id with an event of long
    ago would count again, as the documentation says, and under an id that is there.
    """
    event = orjson.loads(value)
    event["messageId"] = message_id
    for _ in range(rng.randint(1, 3)):
        rng.choice(IN_TREE)(rng, event)
    changed_id = event.get("messageId")
    if isinstance(changed_id, str) and changed_id != message_id:
        event["messageId"] = f"{changed_id}{message_id}"
    raw = _text(event)
    return rng.choice(IN_BYTES)(rng, raw) if rng.random() < 0.3 else raw


def _text(event: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(event)
    except orjson.JSONEncodeError:  # too deep for it
        return json.dumps(event, ensure_ascii=False).encode()


def _place(rng: random.Random, tree: dict[str, Any]) -> dict[str, Any]:
    """An object anywhere in it."""
    while (inner := [v for v in tree.values() if isinstance(v, dict) and v]) and rng.random() < 0.6:
        tree = rng.choice(inner)
    return tree


def _without(rng: random.Random, event: dict[str, Any]) -> None:
    place = _place(rng, event)
    if place:
        del place[rng.choice(list(place))]


def _odd(rng: random.Random, event: dict[str, Any]) -> None:
    place = _place(rng, event)
    if place:
        place[rng.choice(list(place))] = copy.deepcopy(rng.choice(ODD))


def _more(rng: random.Random, event: dict[str, Any]) -> None:
    place = _place(rng, event)
    for number in range(rng.choices((1, 5, 300), (70, 29, 1))[0]):
        place[f"k{number}"] = copy.deepcopy(rng.choice(ODD))


def _swapped(rng: random.Random, event: dict[str, Any]) -> None:
    """Two values change places."""
    place = _place(rng, event)
    if len(place) > 1:
        one, other = rng.sample(list(place), 2)
        place[one], place[other] = place[other], place[one]


def _deeper(rng: random.Random, event: dict[str, Any]) -> None:
    place = _place(rng, event)
    deep: Any = 1
    for _ in range(rng.choice((3, 62, 70, 200))):
        deep = [deep] if rng.random() < 0.5 else {"d": deep}
    place["deep"] = deep


def _cut(rng: random.Random, raw: bytes) -> bytes:
    return raw[: rng.randrange(len(raw) + 1)]


def _flipped(rng: random.Random, raw: bytes) -> bytes:
    changed = bytearray(raw)
    for _ in range(rng.randint(1, 4)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _twice(rng: random.Random, raw: bytes) -> bytes:
    """A part of it comes again."""
    at, to = sorted((rng.randrange(len(raw)), rng.randrange(len(raw))))
    return raw[:to] + raw[at:]


def _spelled(_rng: random.Random, raw: bytes) -> bytes:
    """What JSON has not, and some writers write."""
    return raw.replace(b"null", b"NaN").replace(b"true", b"True").replace(b":0", b":Infinity")


IN_TREE: tuple[Callable[[random.Random, dict[str, Any]], None], ...] = (
    *(_without, _odd, _more, _swapped, _deeper),
)
IN_BYTES: tuple[Callable[[random.Random, bytes], bytes], ...] = (_cut, _flipped, _twice, _spelled)
