"""The source of the touchpoints flow: reads its shards' topics and makes the next plans.

Guaranteed: records of a topic come in offset order, none left out, each in one plan. After a crash
the plans that were fixed and not committed come again first, with the same input.
"""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence

from bytewax.inputs import DynamicSource, StatelessSourcePartition

from connectors.kafka.planned_checksum import planned_checksum
from connectors.kafka.shard_consumer import Record
from connectors.kafka.topics import BROADCAST
from flows.processor.attention import Attention
from flows.processor.commit import commit_pending
from flows.processor.flush import Flush, Slice
from flows.processor.merge import NOTHING_READ, Bound, bound
from flows.processor.ownership import read_on, take_due
from flows.processor.processor import Processor
from flows.processor.reach import Completeness, after, completeness
from flows.processor.recalling import (
    RECALL_AT_ONCE,
    WAKE_MEANWHILE,
    holders_are_left,
    recalls_go_on,
)
from flows.processor.shard import Hold, Shard
from flows.processor.upkeep import Upkeep
from flows.processor.waking import WAKE_AT_ONCE, learn_timers
from state.fence import Plan, Range, advance
from state.ordering import received_up_to
from state.store.shard_store import Refused, Unsettled
from state.store.wire import WireLost
from state.times import rfc3339

CLOCK_BACK_MS = 5 * 60 * 1000
"""How far the clock may be behind the last plan's time. Time stands still meanwhile; for longer,
offers would not expire and new events would be too late or in the future, one after the other."""
WAKE_EVERY_MS = 50
"""How often at most an idle shard makes a flush for what is due."""
FRESH_MS = 1_000
"""Records that were received no longer ago are new, and not a backlog's."""
WAIT_S = 0.05
"""How long an idle flow waits for the first record; also how late it notices a stop."""


class Intake(StatelessSourcePartition[Flush]):
    """Emits one flush at a time: the next when its predecessor is produced."""

    def __init__(self, processor: Processor) -> None:
        self._processor = processor
        self._upkeep = Upkeep(processor)
        self._filled = processor.execution.guard(self._fill)
        self._attention = Attention()

    def next_batch(self) -> Iterable[Flush]:
        """The next flush, or nothing yet. Raises StopIteration when told to stop."""
        processor = self._processor
        execution = processor.execution
        if execution.ended or (execution.over() and not processor.in_flight):
            raise StopIteration
        if processor.in_flight:
            return ()
        flushes = [flush for flush in self._filled(Flush([])) if flush.slices]
        processor.in_flight = bool(flushes)
        return flushes

    def _fill(self, flush: Flush) -> Flush:
        processor = self._processor
        membership = processor.membership
        if membership is None or membership.settled:
            take_due(processor)
            read_on(processor)
        self._read()
        if membership is not None:
            membership.attend()
        wall, cpu = time.perf_counter(), time.thread_time()
        flush.slices = self._plan() if membership is None or membership.settled else []
        if flush.slices:
            processor.book_stage("plan", wall, cpu, flush.events)
        idle = not flush.slices
        if idle and processor.pending is not None:
            commit_pending(processor)
        self._upkeep.run(idle)
        return flush

    def _read(self) -> None:
        processor = self._processor
        busy = processor.pending is not None or any(
            s.buffer for s in processor.shards if not s.todo and not s.patience.waits
        )
        if processor.membership is not None and not processor.membership.settled:
            busy = False  # what is buffered must wait for Kafka's word
        most, most_bytes = processor.settings.flush_events, processor.settings.flush_bytes
        processor.consumer.hold(
            {
                (topic, s.index)
                for s in processor.shards
                if s.buffer
                for topic in s.full(most, most_bytes)
            }
        )
        wall, cpu = time.perf_counter(), time.thread_time()
        messages = processor.consumer.fetch(most, 0 if busy else WAIT_S)
        waited_s = time.perf_counter() - wall - (time.thread_time() - cpu)
        processor.meter.add("touchline_idle_seconds_total", max(waited_s, 0.0))
        by_index = processor.by_index
        for message in messages:
            by_index[message.partition()].add(message)
        if messages:
            processor.book_stage("consume", wall, cpu, len(messages))

    def _plan(self) -> list[Slice]:
        now_ms = time.time_ns() // 1_000_000
        consumer = self._processor.consumer
        if not self._processor.kafka.is_away:
            self._attention.look(now_ms, consumer.emptied, consumer.read_bytes)
        slices = []
        for shard in self._processor.shards:
            if shard.hold is not Hold.OWNED:
                continue
            if shard.todo:
                part = self._again(shard)
            elif not shard.unread and (shard.buffer or self._time_has_come(shard, now_ms)):
                part = self._new(shard, now_ms)
            else:
                continue
            if part is not None:
                shard.head = advance(shard.head, part.plan)
                slices.append(part)
        return slices

    def _time_has_come(self, shard: Shard, now_ms: int) -> bool:
        """Whether a flush without events has something to do."""
        if now_ms < shard.asked_ms + WAKE_EVERY_MS or self._processor.kafka.is_away:
            return False
        shard.asked_ms = now_ms
        try:
            if holders_are_left(self._processor, shard):
                return True
            learn_timers(self._processor, shard, now_ms, 1)
        except (WireLost, Unsettled) as doubt:
            self._processor.lose(shard, doubt, "route")
            return False
        due_ms = shard.timers.first()
        if due_ms > now_ms:
            return False
        known = self._completeness(shard, {}, shard.buffer, now_ms)
        return due_ms <= after(known, shard.reached_ms, shard.clock_ms)

    def _completeness(
        self, shard: Shard, planned: Mapping[str, int], left: Collection[str], now_ms: int
    ) -> Completeness:
        """`planned`: topic → where the plan at hand ends, if it reads it; `left`: the topics of
        which more is read."""
        consumer, index = self._processor.consumer, shard.index
        inputs = self._processor.topics.values()
        positions = shard.head.positions
        return completeness(
            {topic: planned.get(topic) or positions[topic].next_offset for topic in inputs},
            left,
            {
                topic: (end, consumer.ended_ms[topic, index])
                for topic in inputs
                if (end := consumer.ends.get((topic, index))) is not None
            },
            now_ms,
            self._attention.read_ms(now_ms),
        )

    def _new(self, shard: Shard, now_ms: int) -> Slice | None:
        head, settings = shard.head, self._processor.settings
        if head.now_ms - now_ms > CLOCK_BACK_MS:
            raise Refused(
                f"shard {shard.index}: the clock of this machine says {rfc3339(now_ms)}, and the "
                f"last flush was planned at {rfc3339(head.now_ms)}: expected a clock that is at "
                f"most {CLOCK_BACK_MS // 60_000} minutes behind; set the clock right. If it is, "
                "another machine's was wrong then: restore Redis from its backup of before that"
            )
        planned_ms = max(now_ms, head.now_ms)
        bound = self._bound(shard, planned_ms)
        quiet = self._processor.consumer.emptied and not self._processor.kafka.is_away
        if shard.patience.lasts(bound.waits, quiet, time.monotonic()):
            return None
        messages, runs = shard.take(settings.flush_events, settings.flush_bytes, bound.up_to_ms)
        ranges = {
            topic: _range(topic, head.positions[topic].next_offset, run)
            for topic, run in runs.items()
        }
        ends = {topic: planned.end for topic, planned in ranges.items()}
        known = self._completeness(shard, ends, shard.buffer, planned_ms)
        plan = Plan(
            commit=head.commit + 1,
            generation=head.generation,
            ranges=ranges,
            now_ms=planned_ms,
            playbook=self._processor.playbook.version,
            build=self._processor.build,
            checksum=planned_checksum(ranges, messages),
            cuts={topic: n for topic in ranges if (n := head.positions[topic].cuts)},
            complete_ms=known.complete_ms,
            behind=known.behind,
            merged_ms=bound.merged_ms,
            wake=min(self._wakes(), settings.flush_events),
            recall=min(RECALL_AT_ONCE, settings.flush_events)
            if shard.recalls or BROADCAST in ranges
            else 0,
        )
        return Slice(shard, plan, False, messages)

    def _wakes(self) -> int:
        """How many whose time has come a flush of a shard may be for."""
        return WAKE_MEANWHILE if recalls_go_on(self._processor) else WAKE_AT_ONCE

    def _bound(self, shard: Shard, now_ms: int) -> Bound:
        """What may be taken of what is read of a shard's topics."""
        if not shard.buffer:
            return NOTHING_READ
        consumer, index = self._processor.consumer, shard.index
        reached = {topic: run[-1].offset() + 1 for topic, run in shard.buffer.items()}
        held = {topic for topic in shard.buffer if consumer.holds(topic, index)}
        read = self._completeness(shard, reached, held, now_ms)
        newest_ms = {
            topic: received_up_to(shard.buffer[topic])
            for topic in held.union(read.behind)
            if topic in shard.buffer
        }

        def grows(topic: str) -> bool:
            # Whether an end has been reached is told a moment later; of new events that is not
            # waited for.
            if now_ms - newest_ms.get(topic, now_ms) > FRESH_MS:
                return True
            if topic not in reached and (topic, index) not in consumer.ends:
                return True
            upto = reached.get(topic) or shard.head.positions[topic].next_offset
            return consumer.may_have_more(topic, index, upto)

        return bound(newest_ms, read, held.union(filter(grows, read.behind)))

    def _again(self, shard: Shard) -> Slice | None:
        """The oldest begun plan, once all of its input is here. Raises Refused for other input."""
        plan = shard.todo[0]
        ends = {
            topic: end
            for (topic, index), end in self._processor.consumer.ends.items()
            if index == shard.index
        }
        messages = shard.take_planned(plan, ends, time.monotonic())
        if messages is None:
            return None
        place = f"shard {shard.index}, flush {plan.commit}"
        for topic, planned in plan.ranges.items():
            start = shard.head.positions[topic].next_offset
            if planned.start != start:
                raise Refused(f"{place}: {topic} was planned from {planned.start}, is at {start}")
        count = sum(planned.count for planned in plan.ranges.values())
        if len(messages) != count or planned_checksum(plan.ranges, messages) != plan.checksum:
            raise Refused(
                f"{place}: expected the {count} records that it was begun with, got "
                f"{len(messages)} with other content: the input topics were changed; restore them, "
                "or empty Redis and run `touchline rebuild`"
            )
        if plan.playbook != self._processor.playbook.version or plan.build != self._processor.build:
            self._processor.meter.add("touchline_replays_by_other_build_total")
        shard.todo.popleft()
        self._processor.meter.add("touchline_flushes_replayed_total")
        logged = (plan.generation, plan.commit) < shard.log_latest
        return Slice(shard, plan, True, messages, logged)


def _range(topic: str, start: int, run: Sequence[Record]) -> Range:
    """What a plan takes of a topic: `run`, read from offset `start` on.

    Gaps are what compaction and transactions leave. Raises Refused when an offset is below the
    start, or there are more records than offsets: to go on would count an event again.
    """
    first, last = run[0].offset(), run[-1].offset()
    if first < start or last - first + 1 < len(run):
        raise Refused(
            f"{topic}[{run[0].partition()}]: expected {len(run)} records from offset {start} on, "
            f"got offsets {first} to {last}: the broker sent some twice; start again"
        )
    return Range(start, last + 1, len(run))


class IntakeSource(DynamicSource[Flush]):
    """One worker, one intake: the processor's shards are this process's."""

    def __init__(self, processor: Processor, intake: Intake | None = None) -> None:
        """`intake`: one of a special kind."""
        self._processor = processor
        self._intake = intake

    def build(self, step_id: str, worker_index: int, worker_count: int) -> Intake:
        """Called once by the engine. Raises ValueError with more than one worker."""
        if worker_count != 1:
            raise ValueError(f"{step_id}: expected one worker in this process, got {worker_count}")
        return self._intake or Intake(self._processor)
