"""All plans of the enriched topic, in passing: none is kept.

Guaranteed: every plan from the given offsets to the end that each partition has then, in order
within it. Nothing is remembered: the next call reads again whatever it is told to.
"""

from collections.abc import Iterator, Mapping

from connectors.kafka.plan_log import plan_of
from connectors.kafka.to_end import ToEnd
from connectors.kafka.topics import ENRICHED
from state.fence import Plan


def scan_plans(
    config: Mapping[str, str], starts: Mapping[int, int]
) -> Iterator[tuple[int, int, Plan]]:
    """(shard, offset, plan) each; `starts`: shard → offset.

    Raises NoPlan, Unread and KafkaException.
    """
    if not starts:
        return
    for batch in ToEnd(config, {(ENRICHED, shard): at for shard, at in starts.items()}).batches():
        for message in batch:
            if message.key() is None:
                shard = message.partition()
                yield shard, message.offset(), plan_of(shard, message)
