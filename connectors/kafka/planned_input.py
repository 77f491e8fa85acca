"""Whether input topics still hold what flushes have read: a topic that was made anew may be as long
as the one before, and a plan does not say of which it spoke. Its checksum does.
"""

from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from connectors.kafka.errors import passes
from connectors.kafka.lone_consumer import lone_consumer
from connectors.kafka.planned_checksum import planned_checksum
from connectors.kafka.to_end import PATIENCE_S, Unread
from state.fence import Plan
from state.ordering import in_order


def is_there(config: Mapping[str, Any], shard: int, plan: Plan) -> bool:
    """Whether what `plan` of `shard` reads is in its topics. Raises Unread and KafkaException."""
    consumer = lone_consumer(config, "touchline-verify")
    runs: dict[str, list[Any]] = {topic: [] for topic in plan.ranges}
    left = set(runs)
    try:
        consumer.assign([TopicPartition(t, shard, r.start) for t, r in plan.ranges.items()])
        while left:
            message = consumer.poll(PATIENCE_S)
            if message is None:
                raise Unread(f"{', '.join(left)}[{shard}]: the broker gave nothing")
            if _ends(message, plan):
                left.discard(message.topic() or "")
            elif message.error() is None:
                runs[message.topic() or ""].append(message)
    finally:
        consumer.close()
    records = in_order({topic: run for topic, run in runs.items() if run})
    count = sum(planned.count for planned in plan.ranges.values())
    return len(records) == count and planned_checksum(plan.ranges, records) == plan.checksum


def changed(config: Mapping[str, Any], shard: int, newest: Mapping[str, Plan]) -> dict[str, int]:
    """Topic → the last flush that read it, for those whose records are not what it read.

    `newest`: topic → the last plan that reads it. Raises Unread and KafkaException.
    """
    plans = {plan.commit: plan for plan in newest.values()}
    there = {commit: is_there(config, shard, plan) for commit, plan in plans.items()}
    return {topic: plan.commit for topic, plan in newest.items() if not there[plan.commit]}


def _ends(message: Any, plan: Plan) -> bool:
    error = message.error()
    if error is None:
        return bool(message.offset() >= plan.ranges[message.topic()].end)
    if error.code() == KafkaError._PARTITION_EOF:
        return True
    if not passes(error):
        raise KafkaException(error)
    return False
