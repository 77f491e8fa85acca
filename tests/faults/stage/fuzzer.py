"""Events that nobody meant to send: real ones, changed in a place or two, by a seed."""

import copy
import json
import random
from typing import Any

import orjson

from tests.faults.stage.odd import HOW_MANY, odd_values

Tree = dict[str, Any]


class Fuzzer:
    """It knows an event's structure: most of what it makes is JSON still, and nearly right."""

    def __init__(self, rng: random.Random, odd: int = HOW_MANY) -> None:
        """`odd`: how many odd values are drawn, some 3 ms each."""
        self._rng = rng
        self._odd_values = odd_values(rng.getrandbits(32), odd)
        self._in_tree = (self._without, self._odd, self._more, self._swapped, self._deeper)
        self._in_bytes = (self._cut, self._flipped, self._twice, _spelled)

    def changed(self, value: bytes, message_id: str) -> bytes:
        """`value`, an event as JSON, changed in one to three places, under another message id.

        Where that is changed as well, it stays one of its own: what shares its id with an event of
        long ago would count again, as the documentation says, and under an id that is there.
        """
        rng = self._rng
        event = orjson.loads(value)
        event["messageId"] = message_id
        for _ in range(rng.randint(1, 3)):
            rng.choice(self._in_tree)(event)
        changed_id = event.get("messageId")
        if isinstance(changed_id, str) and changed_id != message_id:
            event["messageId"] = f"{changed_id}{message_id}"
        raw = _text(event)
        return rng.choice(self._in_bytes)(raw) if rng.random() < 0.3 else raw

    def _place(self, tree: Tree) -> Tree:
        """An object anywhere in it."""
        rng = self._rng
        while (
            inner := [v for v in tree.values() if isinstance(v, dict) and v]
        ) and rng.random() < 0.6:
            tree = rng.choice(inner)
        return tree

    def _any_odd(self) -> Any:
        return copy.deepcopy(self._rng.choice(self._odd_values))

    def _without(self, event: Tree) -> None:
        place = self._place(event)
        if place:
            del place[self._rng.choice(list(place))]

    def _odd(self, event: Tree) -> None:
        place = self._place(event)
        if place:
            place[self._rng.choice(list(place))] = self._any_odd()

    def _more(self, event: Tree) -> None:
        place = self._place(event)
        for number in range(self._rng.choices((1, 5, 300), (70, 29, 1))[0]):
            place[f"k{number}"] = self._any_odd()

    def _swapped(self, event: Tree) -> None:
        """Two values change places."""
        place = self._place(event)
        if len(place) > 1:
            one, other = self._rng.sample(list(place), 2)
            place[one], place[other] = place[other], place[one]

    def _deeper(self, event: Tree) -> None:
        place = self._place(event)
        deep: Any = 1
        for _ in range(self._rng.choice((3, 62, 70, 200))):
            deep = [deep] if self._rng.random() < 0.5 else {"d": deep}
        place["deep"] = deep

    def _cut(self, raw: bytes) -> bytes:
        return raw[: self._rng.randrange(len(raw) + 1)]

    def _flipped(self, raw: bytes) -> bytes:
        changed = bytearray(raw)
        for _ in range(self._rng.randint(1, 4)):
            changed[self._rng.randrange(len(changed))] = self._rng.randrange(256)
        return bytes(changed)

    def _twice(self, raw: bytes) -> bytes:
        """A part of it comes again."""
        at, to = sorted((self._rng.randrange(len(raw)), self._rng.randrange(len(raw))))
        return raw[:to] + raw[at:]


def _spelled(raw: bytes) -> bytes:
    """What JSON has not, and some writers write."""
    return raw.replace(b"null", b"NaN").replace(b"true", b"True").replace(b":0", b":Infinity")


def _text(event: Tree) -> bytes:
    try:
        return orjson.dumps(event)
    except orjson.JSONEncodeError:  # too deep for it, or a larger number
        return json.dumps(event, ensure_ascii=False).encode()
