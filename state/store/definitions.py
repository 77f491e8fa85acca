"""Definitions that a shard's customers may follow: of journeys, kept after the playbook has others.

Each as a msgpack array of when a flow last took the shard with it in its playbook (ms since the
epoch) and the definition's text.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from state.windows import DAY_MS

KEPT_MS = 3 * 366 * DAY_MS
"""How long one is kept after that: longer than anybody should be on one way, of whose steps each
waits for 366 days at most."""


class Kept(Struct, array_like=True, frozen=True):
    """A definition as it is stored."""

    last_at: int
    source: str


encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Kept).decode


class Definitions(Struct, frozen=True):
    """What is stored, against what the playbook has."""

    earlier: dict[str, str]
    """Name → definition, of those that the playbook has no more."""
    outdated: list[str]
    """Names of those that nobody can follow any more."""


def sort_out(stored: Mapping[str, bytes], current: Mapping[str, str], now_ms: int) -> Definitions:
    """`stored`: name → as it is stored; `current`: name → definition, of the playbook."""
    kept = {name: _decode(blob) for name, blob in stored.items() if name not in current}
    old = [name for name, one in kept.items() if now_ms - one.last_at > KEPT_MS]
    return Definitions(
        {name: one.source for name, one in kept.items() if name not in old},
        old,
    )
