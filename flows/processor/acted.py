"""What of a shard's actions is published, by what lies in their topic."""

from collections.abc import Mapping, Sequence

from msgspec import DecodeError, Struct, field, json

from connectors.kafka.edges import newest_values
from connectors.kafka.topics import ACTIONS
from connectors.published.record_types import read_action

LOOKED_AT = 1_000
"""The last records of a partition that are read. A fenced owner's may lie behind newer ones."""


class Acted(Struct):
    """The end of a shard's partition of the actions."""

    place: tuple[int, int, int] = (0, 0, -1)
    """(generation, commit number, index): the highest there is."""
    ids: set[str] = field(default_factory=set)
    """Of its last actions: where another playbook or a shorter history decides, the same decision
    may have another place."""

    def holds(self, place: tuple[int, int, int], record: bytes) -> bool:
        """Whether the action `record`, made at `place`, lies there."""
        return place <= self.place or _read_id(record).id in self.ids


class _Named(Struct):
    """An action, for its id alone."""

    id: str


_read_id = json.Decoder(_Named).decode


def newest_actions(config: Mapping[str, str], shards: Sequence[int]) -> dict[int, Acted]:
    """Shard → what is published of it; none where nothing is.

    Raises KafkaException and Unread when no broker answers.
    """
    found: dict[int, Acted] = {}
    for shard, values in newest_values(config, ACTIONS, shards, LOOKED_AT).items():
        for value in values:
            try:
                action = read_action(value)
            except DecodeError:
                continue  # somebody else's record; readers have to get over it as well
            acted, at = found.setdefault(shard, Acted()), action.applied
            acted.place = max(acted.place, (at.generation, at.commit, at.index))
            acted.ids.add(action.id)
    return found
