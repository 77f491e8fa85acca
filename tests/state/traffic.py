"""Touchpoints for tests of the state."""

from typing import Any

from state.touchpoint import Touchpoint, identity

START_MS = 1_770_000_000_000
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


def touchpoint(
    name: str,
    at_ms: int = START_MS,
    properties: dict[str, Any] | None = None,
    *,
    channel: str = "click",
    kind: str = "track",
    traits: dict[str, Any] | None = None,
    message_id: str = "",
) -> Touchpoint:
    """One event of the customer `c`; the same arguments give the same event."""
    message_id = message_id or f"{channel}/{name}/{at_ms}/{properties}/{traits}"
    digest = identity("c", message_id)
    return Touchpoint(
        id=digest.hex(),
        fingerprint=digest[:8],
        message_id=message_id,
        customer_id="c",
        channel=channel,
        type=kind,
        name=name,
        at_ms=at_ms,
        received_ms=at_ms,
        properties=properties or {},
        traits=traits or {},
        raw=b"{}",
    )
