"""Which forwarded events a shard has had that is to begin anew, by what lies in its partition."""

from collections.abc import Callable, Mapping

from connectors.kafka.forwarding import Unmarked, read_forwarded
from connectors.kafka.to_end import ToEnd
from connectors.kafka.topics import FORWARD
from flows.settings import Settings
from state.origins import is_new


def seen_origins(
    settings: Settings,
    input_ids: Mapping[str, str],
    positions: Mapping[int, Mapping[str, int]],
    stopped: Callable[[], bool],
) -> dict[int, dict[str, int]] | None:
    """Shard → its origins: of what was forwarded to it, all that lies before where it begins. None
    when `stopped` says so meanwhile.

    `input_ids`: input topic → its id; `positions`: shard → topic → next offset. What retention has
    taken is not known. Raises Unread and KafkaException.
    """
    found: dict[int, dict[str, int]] = {shard: {} for shard in positions}
    begins = {shard: at[FORWARD] for shard, at in positions.items() if at[FORWARD]}
    for batch in ToEnd(settings.kafka_config, {(FORWARD, shard): 0 for shard in begins}).batches():
        if stopped():
            return None
        for message in batch:
            shard = message.partition()
            if message.offset() >= begins[shard]:
                continue  # comes, and counts
            try:
                forwarded = read_forwarded(message, input_ids, settings.partitions)
            except Unmarked:
                continue  # is a dead letter
            place = forwarded.origin.sender
            is_new(found[shard], place.sender, place.offset)
    return found
