"""The plans in the enriched topic: what was begun, should Redis have forgotten it."""

from collections.abc import Callable, Mapping

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from msgspec import Struct, field

from connectors.kafka_topics import ENRICHED
from state.fence import Plan, decode_plan

POLL_S = 0.5
PATIENCE_S = 30.0
"""How long the log may give nothing before reading it counts as failed."""


class PlanLogUnreadable(Exception):
    """The enriched topic could not be read to its end."""


class PlanLog(Struct):
    """What one shard's enriched partition holds from a given offset on."""

    plans: list[Plan] = field(default_factory=list)
    """In log order."""
    end: int = 0
    """The offset after its last record."""


def read_plans(
    config: Mapping[str, str], starts: Mapping[int, int], stopped: Callable[[], bool]
) -> dict[int, PlanLog]:
    """Shard → its plan log from the given offset to the end. A plan is a record without a key.

    Raises PlanLogUnreadable, also when `stopped` says so while nothing comes, and KafkaException
    for an error that does not pass by itself.
    """
    consumer = Consumer(
        {
            "client.id": "touchline-plan-log",
            **config,
            "group.id": "touchline-plan-log",
            "enable.auto.commit": False,
            # A start that retention has passed: whatever is still there is what there is to know.
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": 20,
        }
    )
    logs = {shard: PlanLog() for shard in starts}
    open_shards = set(starts)
    try:
        consumer.assign([TopicPartition(ENRICHED, shard, at) for shard, at in starts.items()])
        silent_s = 0.0
        while open_shards:
            message = consumer.poll(POLL_S)
            silent_s = silent_s + POLL_S if message is None else 0.0
            if message is None:
                if silent_s < PATIENCE_S and not stopped():
                    continue
                raise PlanLogUnreadable(
                    f"{ENRICHED}: partitions {sorted(open_shards)} gave no answer "
                    f"in {silent_s:.1f} s"
                )
            error = message.error()
            shard = message.partition() or 0
            if error is None:
                if message.key() is None:
                    logs[shard].plans.append(decode_plan(message.value() or b""))
            elif error.code() == KafkaError._PARTITION_EOF:
                logs[shard].end = message.offset() or 0
                open_shards.discard(shard)
            elif error.code() >= 0 and not error.retriable():
                raise KafkaException(error)
    finally:
        consumer.close()
    return logs


def to_do(plan_in_fence: Plan | None, logged: list[Plan], committed: int) -> list[Plan]:
    """The plans after commit number `committed` that were begun, in order, without a hole.

    The fence's own plan comes first; of a number that stands twice in the log the first wins.
    Raises ValueError naming the hole when a later plan is there and one before it is not.
    """
    by_commit: dict[int, Plan] = {}
    if plan_in_fence is not None:
        by_commit[plan_in_fence.commit] = plan_in_fence
    for plan in logged:
        if plan.commit > committed:
            by_commit.setdefault(plan.commit, plan)
    found = [by_commit[commit] for commit in sorted(by_commit)]
    for expected, plan in enumerate(found, start=committed + 1):
        if plan.commit != expected:
            raise ValueError(f"plan {expected} is missing, plan {plan.commit} is there")
    return found
