"""The plans in the enriched topic: what was begun, should Redis have forgotten it.

Guaranteed: every plan from the given offset on to the end that the log had when it was read, or to
where the piece ends, in order. After a crash nothing is remembered here: the fence says from where
to read again.
"""

from collections.abc import Callable, Mapping

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition
from msgspec import DecodeError, Struct, field

from connectors.kafka.errors import LogTruncated, passes
from connectors.kafka.lone_consumer import lone_consumer
from connectors.kafka.topics import ENRICHED
from state.fence import Plan, decode_plan

POLL_S = 0.5
PATIENCE_S = 30.0
"""How long the log may give nothing before reading it counts as failed."""
PLANS_AT_ONCE = 10_000
"""Plans of a shard that are read in one piece: a log may hold more than fit into memory."""


class PlanLogUnreadable(Exception):
    """The enriched topic could not be read to its end."""


class NoPlan(Exception):
    """A record of the enriched topic that has no key, as plans have none, is no plan."""


class PlanLog(Struct):
    """What one shard's enriched partition holds from a given offset on."""

    plans: list[Plan] = field(default_factory=list)
    """In log order."""
    end: int = 0
    """The offset after its last record; of a piece, of the plan that the next begins with."""
    whole: bool = True
    """Whether `end` is the log's."""
    latest: tuple[int, int] = (0, 0)
    """(generation, commit number) of the latest plan there is, that of the next piece included."""


def read_plans(
    config: Mapping[str, str],
    starts: Mapping[int, int],
    stopped: Callable[[], bool],
    most: int = PLANS_AT_ONCE,
) -> dict[int, PlanLog]:
    """Shard → its plan log from the given offset to the end, or about `most` plans of it. A plan is
    a record without a key.

    Raises PlanLogUnreadable, also when `stopped` says so while nothing comes; LogTruncated when the
    log ends before the given offset; NoPlan; and KafkaException for an error that does not pass.
    """
    # A start that retention has passed: whatever is still there is what there is to know.
    consumer = lone_consumer(config, "touchline-plan-log")
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
            if shard not in open_shards:
                continue  # fetched before it was paused
            if error is None:
                if message.key() is None and not _fits(logs[shard], message, most):
                    open_shards.discard(shard)
                    consumer.pause([TopicPartition(ENRICHED, shard)])
            elif error.code() == KafkaError._PARTITION_EOF:
                logs[shard].end = end = message.offset() or 0
                open_shards.discard(shard)
                if end < starts[shard]:
                    raise LogTruncated(
                        f"{ENRICHED}[{shard}]: expected offset {starts[shard]}, which was "
                        f"acknowledged, got a log that ends at {end}: records were lost or the "
                        "topic was made anew; restore it, or go on without: `touchline topics "
                        f"accept-recreated {ENRICHED}`"
                    )
            elif not passes(error):
                raise KafkaException(error)
    finally:
        consumer.close()
    return logs


def _fits(log: PlanLog, message: Message, most: int) -> bool:
    """Whether a plan belongs to this piece; if so it is in it now, and if not it ends the piece."""
    plan = plan_of(message.partition() or 0, message)
    number = plan.generation, plan.commit
    is_new, log.latest = number > log.latest, max(number, log.latest)
    if is_new and len(log.plans) >= most:
        log.end, log.whole = message.offset() or 0, False
        return False
    log.plans.append(plan)
    return True


def plan_of(shard: int, message: Message) -> Plan:
    """The plan in a record without a key of `shard`'s enriched partition. Raises NoPlan."""
    try:
        return decode_plan(message.value() or b"")
    except DecodeError as error:
        raise NoPlan(
            f"{ENRICHED}[{shard}] at offset {message.offset()}: expected a plan, as the record has "
            f"no key, got: {error}; nobody but Touchline may write this topic"
        ) from None


def to_do(
    plan_in_fence: Plan | None, logged: list[Plan], committed: int, generation: int = 0
) -> list[Plan]:
    """The plans after commit number `committed` of `generation` that were begun, in order, without
    a hole.

    The fence's own plan comes first; of a number that stands twice in the log the first wins. A
    higher generation takes the place of all plans from its first one on; a lower one was given up.
    Raises ValueError naming the hole when a later plan is there and one before it is not, or a
    higher generation that begins before what is committed.
    """
    by_commit: dict[int, Plan] = {}
    if plan_in_fence is not None:
        by_commit[plan_in_fence.commit] = plan_in_fence
    for plan in logged:
        if plan.generation > generation:
            if plan.commit <= committed:
                raise ValueError(
                    f"plan {plan.commit} of generation {plan.generation} is there, and plan "
                    f"{committed} of generation {generation} is committed"
                )
            generation = plan.generation
            by_commit = {n: kept for n, kept in by_commit.items() if n < plan.commit}
        if plan.commit > committed and plan.generation == generation:
            by_commit.setdefault(plan.commit, plan)
    found = [by_commit[commit] for commit in sorted(by_commit)]
    for expected, plan in enumerate(found, start=committed + 1):
        if plan.commit != expected:
            raise ValueError(f"plan {expected} is missing, plan {plan.commit} is there")
    return found
