"""Secrets that were written into a playbook: where they stand and what to write instead.

A playbook is read by many and kept for ever, so only the names of secrets may stand in it. What is
found here is never repeated in a text.
"""

import re
from collections.abc import Iterator
from typing import Final

from decisions.document import Mapping, Node, Problem, Scalar, Sequence

SHAPES: Final = (
    ("an AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}"),
    ("a GitLab token", r"\bglpat-[A-Za-z0-9_-]{16,}"),
    ("a Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("a Slack webhook", r"\bhooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{16,}"),
    ("a Stripe key", r"\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}|\bwhsec_[A-Za-z0-9]{16,}"),
    ("a Google API key", r"\bAIza[0-9A-Za-z_-]{30,}"),
    ("a SendGrid key", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("a JSON Web Token", r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    ("a private key", r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----"),
    (
        "a bearer's token",
        r"(?i:\bBearer)[ \t]+(?=[A-Za-z._~+/-]*[0-9])[A-Za-z0-9._~+/-]{16,}=*",
    ),
    (
        "a name and password",
        r"(?i:\bBasic)[ \t]+(?=[A-Za-z+/]*[0-9=])[A-Za-z0-9+/]{12,}=*",
    ),
    ("a password in an address", r"\b[a-z][a-z0-9+.-]{0,20}://[^\s/?#@:{}\"']*:[^\s/?#@{}\"']+@"),
)
"""What it is, and a pattern that little else fits."""
FOUND = re.compile("|".join(f"(?P<s{n}>{pattern})" for n, (_, pattern) in enumerate(SHAPES)))

ADDRESS = re.compile(r"\bhttps?://[^\s\"'<>]+")
PARAMETER = re.compile(r"[?&#]([A-Za-z0-9_.\[\]-]+)=([^&#\s]+)")
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
TELLING = frozenset(
    {
        *("apikey", "auth", "authorization", "cookie", "credential", "credentials", "key"),
        *("passphrase", "passwd", "password", "pwd", "secret", "sig", "signature", "token"),
    }
)
"""Last word of a name → what has it is secret."""
HARMLESS = frozenset(
    {
        *("cache", "dedup", "foreign", "idempotency", "ordering", "partition", "primary", "public"),
        *("shard", "sort"),
    }
)
"""Word before "key" that says that it opens nothing."""
NAMED = ("headers", "payload", "values")
"""Keys of an action below which names are the writer's own."""
STRINGS = re.compile(r"[rR]?(?:\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')")
READS = re.compile(r"\b(?:event|profile|segments|customer|now)\b")
PLACEHOLDER = re.compile(r"\{[^{}]*\}")
INSTEAD: Final = "a reference such as {secret: CRM_TOKEN} in a webhook's headers, payload or url"


def secrets_in(text: str, root: Node | None) -> list[Problem]:
    """A problem for each secret in a playbook's text, in which comments count, too.

    `root` is the document that was read from it, None if there is none.
    """
    found = {}
    for match in FOUND.finditer(text):
        line, column = _place(text, match.start())
        found[line, column] = SHAPES[int((match.lastgroup or "s0")[1:])][0]
    for address in ADDRESS.finditer(text):
        for parameter in PARAMETER.finditer(address[0]):
            if is_telling(parameter[1]) and _is_literal(parameter[2]):
                place = _place(text, address.start() + parameter.start(1))
                found.setdefault(place, f"the parameter {parameter[1]} of an address")
    for what, node in _named(root):
        found.setdefault((node.line, node.column), what)
    return [
        Problem(line, column, f"{what}; expected {INSTEAD}, got the secret itself, it seems")
        for (line, column), what in sorted(found.items())
    ]


def is_telling(name: str) -> bool:
    """Whether a name says that its value is secret: `api_key`, `X-Auth-Token`, `clientSecret`."""
    words = [word.lower() for word in WORD.findall(name) if not word.isdigit()]
    if not words or words[-1] not in TELLING:
        return False
    return not (words[-1] == "key" and len(words) > 1 and words[-2] in HARMLESS)


def _is_literal(value: str) -> bool:
    return not PLACEHOLDER.search(value)


def _named(node: Node | None) -> Iterator[tuple[str, Scalar]]:
    """Values of actions whose names say that they are secret, written out."""
    if isinstance(node, Sequence):
        for item in node.items:
            yield from _named(item)
    if not isinstance(node, Mapping):
        return
    acts = any(key.text == "action" for key, _ in node.entries)
    for key, value in node.entries:
        if acts and key.text in NAMED and isinstance(value, Mapping):
            yield from _written_out(key.text, value)
        else:
            yield from _named(value)


def _written_out(place: str, names: Mapping) -> Iterator[tuple[str, Scalar]]:
    for key, value in names.entries:
        if not isinstance(value, Scalar) or not value.text or not is_telling(key.text):
            continue
        if place == "headers":
            literal = _is_literal(value.text)
        else:
            literal = not READS.search(STRINGS.sub("", value.text))
        if literal:
            yield f"{place}.{key.text}", value


def _place(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
