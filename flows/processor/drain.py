"""Leaving nothing behind that the next owner of a shard would do again."""

from flows.processor.commit import commit_pending
from flows.processor.processor import Processor
from flows.processor.upkeep import commit_offsets, trim_published


def drain(processor: Processor) -> None:
    """Commit what is produced, publish it, and take what is published out of the outboxes.

    Raises NotDelivered, Refused; Stopped when told to stop while Kafka or Redis is away.
    """
    commit_pending(processor)
    processor.settle()
    commit_offsets(processor, processor.shards)
    trim_published(processor)
