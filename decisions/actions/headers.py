"""Headers of a webhook that a playbook may not say, and values that could end one."""

BROUGHT = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "host",
        "idempotency-key",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""In small letters: what whoever delivers says itself. The body is JSON, in UTF-8."""
MAX_VALUE = 256


def ours(name: str) -> bool:
    """Whether sending brings the header."""
    return name.lower() in BROUGHT


def without_breaks(value: str) -> str:
    """A value as it stands in a header: a line's end in it would begin another header."""
    return "".join(letter if letter.isprintable() else " " for letter in value)[:MAX_VALUE]
