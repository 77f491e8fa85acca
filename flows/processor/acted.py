"""How far a shard's actions are published: by what lies in their topic."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import DecodeError

from connectors.kafka.edges import newest_values
from connectors.kafka.topics import ACTIONS
from connectors.published.record_types import read_action

LOOKED_AT = 100
"""The last records of a partition that are read: a fenced owner's may lie behind newer ones."""


def newest_actions(
    config: Mapping[str, str], shards: Sequence[int]
) -> dict[int, tuple[int, int, int]]:
    """Shard → (generation, commit number, index) of its highest published action; none without one.

    Raises KafkaException and Unread when no broker answers.
    """
    found = {}
    for shard, values in newest_values(config, ACTIONS, shards, LOOKED_AT).items():
        if places := list(_places(values)):
            found[shard] = max(places)
    return found


def _places(values: Iterable[bytes]) -> Iterator[tuple[int, int, int]]:
    for value in values:
        try:
            place = read_action(value).applied
        except DecodeError:
            continue  # somebody else's record; readers have to get over it as well
        yield place.generation, place.commit, place.index
