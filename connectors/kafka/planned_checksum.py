"""What a plan says of its input beside the offsets: one number, the same for whoever asks.

The flow takes it when it plans and compares it when it does a begun flush again; a rebuild compares
it to learn whether a topic still is the one that the plan spoke of.
"""

from collections.abc import Collection, Sequence

from connectors.kafka.forwarding import mark_of
from connectors.kafka.shard_consumer import Record
from connectors.kafka.topics import FORWARD
from state.ordering import checksum


def planned_checksum(topics: Collection[str], records: Sequence[Record]) -> int:
    """Of the records of one flush, in the order in which it applies them; `topics`: those it reads.

    Of what was forwarded the mark counts as well: it says channel, time and place, so the value
    alone would not do.
    """
    return checksum(records, input_marks(records) if FORWARD in topics else ())


def input_marks(records: Sequence[Record]) -> list[bytes]:
    """What decides beside the values: the marks of those that were forwarded, in order."""
    return [mark_of(record) or b"" for record in records if record.topic() == FORWARD]
