"""Mutants of the flow: plans, their order, producing, publishing, and where to begin."""

import sys
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition
from msgspec import structs

from connectors.kafka import publisher, shard_consumer
from connectors.kafka.plan_log import to_do
from connectors.kafka.publisher import Publisher
from connectors.kafka.shard_consumer import ShardConsumer
from flows.processor import commit, intake, ownership, shard, topic_watch, upkeep
from flows.processor.intake import Intake
from flows.processor.processor import Processor
from flows.processor.shard import Shard
from state.profile import encode_profile
from state.store import shard_store
from state.store.shard_store import ShardStore
from tests.faults.mutants.patching import Patch, entering, put

FLOW: dict[str, Patch] = {}
mutant = entering(FLOW)


# Plans


def _no_plan_in_fence() -> None:
    original = vars(shard_store)["encode_fence"]
    put(shard_store, "encode_fence", lambda f: original(structs.replace(f, plan=None)))


def _no_plan_in_log() -> None:
    put(Publisher, "plan", lambda publisher, index, value: None)
    original = commit._committed

    def committed(part: Any) -> Any:
        # A record less per flush: what is counted would lie beyond the end of the log.
        return structs.replace(original(part), plan_offset=part.shard.fence.plan_offset)

    put(commit, "_committed", committed)


@mutant("no plan in the fence")
def _() -> None:
    _no_plan_in_fence()


@mutant("no plan in the log")
def _() -> None:
    _no_plan_in_log()


@mutant("no plan at all")
def _() -> None:
    _no_plan_in_fence()
    _no_plan_in_log()


@mutant("the plan log is not read when a shard is taken")
def _() -> None:
    original = vars(ownership)["read_plans"]

    def read_no_plans(*args: Any) -> Any:
        return {i: structs.replace(found, plans=[]) for i, found in original(*args).items()}

    put(ownership, "read_plans", read_no_plans)


@mutant("a plan is made anew instead of done again")
def _() -> None:
    put(shard, "to_do", lambda in_fence, logged, committed, generation: [])


@mutant("of two plans with one number the last counts")
def _() -> None:
    put(shard, "to_do", lambda found, logged, *done: to_do(found, logged[::-1], *done))


@mutant("the mark in the log passes plans that are left to do")
def _() -> None:
    original = commit._committed

    def committed(part: Any) -> Any:
        return structs.replace(original(part), plan_offset=part.shard.log_end)

    put(commit, "_committed", committed)


@mutant("what a plan is done again with is not compared")
def _() -> None:
    put(intake, "planned_checksum", lambda topics, records: 0)


@mutant("time goes back with the clock")
def _() -> None:
    original = Intake._new

    def new(source: Intake, owned: Shard, now_ms: int) -> Any:
        owned.head = structs.replace(owned.head, now_ms=min(owned.head.now_ms, now_ms))
        return original(source, owned, now_ms)

    put(Intake, "_new", new)


@mutant("a flush applies its input as it arrived")
def _() -> None:
    arrived: dict[tuple[str, int], int] = {}
    original = Shard.add

    def add(owned: Shard, message: Any) -> None:
        arrived[message.topic(), message.offset()] = len(arrived)
        original(owned, message)

    def as_arrived(runs: Any, _: int | None = None) -> list[Any]:
        records = [record for run in runs.values() for record in run]
        return sorted(records, key=lambda r: arrived[r.topic(), r.offset()])

    put(Shard, "add", add)
    put(shard, "in_order", as_arrived)


# Producing and publishing


@mutant("a commit does not wait for acknowledgements")
def _() -> None:
    original = Processor.settle

    def settle(processor: Processor) -> None:
        if processor.pending is None:
            original(processor)

    put(Processor, "settle", settle)


@mutant("a delivery error is ignored")
def _() -> None:
    put(Publisher, "_failed", lambda publisher, error, message: None)
    # Its own refusal to go on would be the next line of defence.
    on = {"enable.gapless.guarantee": False}
    put(publisher, "Producer", lambda config: Producer({**config, **on}))


@mutant("actions are published before the EXEC")
def _() -> None:
    write, publish = commit._write, commit._publish

    def write_last(processor: Any, pending: Any, upcoming: Any) -> None:
        publish(processor, pending)
        write(processor, pending, upcoming)

    put(commit, "_write", write_last)
    put(commit, "_publish", lambda processor, done: None)


@mutant("the outbox is trimmed by the commit that fills it")
def _() -> None:
    original = commit._commit

    def trimming(part: Any, fence: Any) -> Any:
        change = original(part, fence)
        return structs.replace(change, trim=change.trim + len(change.outbox))

    put(commit, "_commit", trimming)


@mutant("an idle flow trims what is not acknowledged")
def _() -> None:
    original = upkeep.trim_published

    def trim(processor: Processor) -> None:
        for owned in processor.shards:
            owned.trim, owned.published = owned.trim + owned.published, 0
        original(processor)

    put(upkeep, "trim_published", trim)


@mutant("the outbox is not published when a shard is taken")
def _() -> None:
    original = ShardStore.take

    def take(*args: Any, **more: Any) -> Any:
        return structs.replace(original(*args, **more), outbox=[])

    put(ShardStore, "take", take)


# What is kept


@mutant("fingerprints are not stored")
def _() -> None:
    put(commit, "encode_profile", lambda kept: encode_profile(structs.replace(kept, recent=b"")))


@mutant("profiles in memory outlive the loss of a shard")
def _() -> None:
    original = Shard._reset

    def reset(owned: Shard) -> None:
        kept = getattr(owned, "profiles", {})
        original(owned)
        owned.profiles = kept

    put(Shard, "_reset", reset)


# Where to begin


@mutant("the group's offsets are where to begin")
def _() -> None:
    original = ShardConsumer.start

    def start(consumer: ShardConsumer, index: int, offsets: Any) -> None:
        asked = [TopicPartition(topic, index) for topic in offsets]
        told = consumer._consumer.committed(asked, timeout=15)
        original(consumer, index, {**offsets, **{p.topic: p.offset for p in told if p.offset > 0}})

    put(ShardConsumer, "start", start)


@mutant("a position that is gone is the earliest")
def _() -> None:
    def lenient(config: Any) -> Consumer:
        return Consumer({**config, "auto.offset.reset": "earliest"})

    put(shard_consumer, "Consumer", lenient)


@mutant("an empty Redis is a new one")
def _() -> None:
    put(ShardConsumer, "worked_on", lambda consumer, index: False)


@mutant("a topic's id is not compared at start")
def _() -> None:
    put(ownership, "_check", lambda processor, index, fence: None)


IDS_CAME = "the topics' ids came and were not compared"


@mutant("a topic's id is not compared while running")
def _() -> None:
    def same(processor: Processor, answer: Any) -> None:
        sys.stderr.write(f"{IDS_CAME}\n")
        sys.stderr.flush()

    put(topic_watch, "compare", same)
