"""How deep and how varied a JSON text is, within bounds of time and stack that no text exceeds."""

import re

STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""A JSON string, or the rest of the text when its closing quote is missing; linear in time."""

NOT_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))


def deeper_than(raw: bytes, limit: int) -> bool:
    """Whether objects and arrays stand inside each other more than `limit` deep.

    Reads the text, not a parsed value: a parser's stack is what deep nesting attacks. The text
    need not be valid JSON.
    """
    depth = 0
    for bracket in STRING.sub(b"", raw).translate(None, NOT_BRACKETS):
        depth += 1 if bracket in b"{[" else -1
        if depth > limit:
            return True
    return False


def distinct_keys(value: object) -> int:
    """How many different keys the objects in `value` use, all levels together."""
    keys: set[str] = set()
    rest = [value]
    while rest:
        part = rest.pop()
        if isinstance(part, dict):
            keys.update(part)
            rest.extend(part.values())
        elif isinstance(part, list):
            rest.extend(part)
    return len(keys)
