"""What a shard's outbox holds: recorded with a commit, published after it, always the same bytes.

Entries are published in their order, and all that are left from the first on after a crash.
"""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct


class ActionEntry(Struct, array_like=True, tag="action", frozen=True, gc=False):
    """A decision, for the shard's partition of `touchpoints.actions`."""

    key: bytes
    """The customer id, UTF-8."""
    record: bytes


class ForwardEntry(Struct, array_like=True, tag="forward", frozen=True, gc=False):
    """An event of another shard's customer, for that shard's partition of `touchpoints.forward`."""

    partition: int
    key: bytes | None
    """Key and value are those that the event came with."""
    value: bytes
    headers: list[tuple[str, bytes | None]]
    """The first one says where the event came from; the others came with it."""


Entry = ActionEntry | ForwardEntry

encode_entry = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entry).decode


def read_outbox(stored: Iterable[bytes]) -> tuple[Sequence[ActionEntry], Sequence[ForwardEntry]]:
    """Its decisions and its forwarded events, each in their order.

    They go to different topics, so nothing depends on the order between the two. Raises
    msgspec.DecodeError for what is no entry.
    """
    entries = [_decode(entry) for entry in stored]
    return (
        [entry for entry in entries if isinstance(entry, ActionEntry)],
        [entry for entry in entries if isinstance(entry, ForwardEntry)],
    )
