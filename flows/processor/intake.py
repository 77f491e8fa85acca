"""The source of the touchpoints flow: reads its shards' topics and fixes the next plans.

Guaranteed: what is emitted is planned, so that a crash at any later instant leads to the same flush
again; records of a topic come in offset order, none left out. After a crash the plans that were
begun are emitted again first, with the same input.
"""

import time
from collections.abc import Iterable

from bytewax.inputs import DynamicSource, StatelessSourcePartition

from flows.processor.flush import Flush, Slice
from flows.processor.ownership import take_due
from flows.processor.processor import Processor
from flows.processor.shard import Hold, Shard
from flows.processor.upkeep import Upkeep
from state.fence import Plan, Range
from state.ordering import checksum
from state.store import Refused

WAIT_S = 0.05
"""How long an idle flow waits for the first record; also how late it notices a stop."""


class Intake(StatelessSourcePartition[Flush]):
    """Emits one flush at a time: the next plan is made when its predecessor is committed."""

    def __init__(self, processor: Processor) -> None:
        self._processor = processor
        self._upkeep = Upkeep(processor)

    def next_batch(self) -> Iterable[Flush]:
        """The next flush, or nothing yet. Raises StopIteration when told to stop."""
        processor = self._processor
        if processor.in_flight:
            return ()
        if processor.stop.is_set():
            raise StopIteration
        try:
            take_due(processor)
            self._read()
            flush = Flush(self._plan())
            self._upkeep.run(idle=not flush.slices)
        except StopIteration:
            raise
        except Exception as error:  # noqa: BLE001 - re-raised by run() when the flow has ended
            processor.fail(error)
            return ()
        processor.in_flight = bool(flush.slices)
        return (flush,) if flush.slices else ()

    def _read(self) -> None:
        processor = self._processor
        waiting = any(shard.buffer for shard in processor.shards if not shard.todo)
        wall, cpu = time.perf_counter(), time.thread_time()
        messages = processor.consumer.fetch(
            processor.settings.flush_events, 0 if waiting else WAIT_S
        )
        by_index = processor.by_index
        for message in messages:
            by_index[message.partition()].add(message)
        if messages:
            processor.measure("consume", wall, cpu)

    def _plan(self) -> list[Slice]:
        processor = self._processor
        wall, cpu = time.perf_counter(), time.thread_time()
        now_ms = time.time_ns() // 1_000_000
        slices, fresh = [], []
        for shard in processor.shards:
            if shard.hold is not Hold.OWNED:
                continue
            if shard.todo:
                part = self._again(shard)
                if part is not None:
                    slices.append(part)
            elif shard.buffer:
                part = self._new(shard, now_ms)
                fresh.append(part)
        begun = processor.each(fresh, self._begin)
        slices += processor.each(begun, lambda part: part.shard.store.end_plan())
        if slices:
            processor.measure("plan", wall, cpu)
        return slices

    def _new(self, shard: Shard, now_ms: int) -> Slice:
        fence = shard.fence
        ranges = {
            topic: Range(fence.positions[topic].next_offset, run[-1].offset() + 1, len(run))
            for topic, run in shard.buffer.items()
        }
        messages = shard.take_all()
        plan = Plan(
            commit=fence.commit + 1,
            generation=fence.generation,
            ranges=ranges,
            now_ms=max(now_ms, fence.now_ms),
            playbook=self._processor.playbook.version,
            build=self._processor.build,
            checksum=checksum(messages),
        )
        return Slice(shard, plan, fence, False, messages)

    def _begin(self, part: Slice) -> None:
        part.fence = part.shard.store.begin_plan(part.fence, part.plan)

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
            start = shard.fence.positions[topic].next_offset
            if planned.start != start:
                raise Refused(f"{place}: {topic} was planned from {planned.start}, is at {start}")
        count = sum(planned.count for planned in plan.ranges.values())
        if len(messages) != count or checksum(messages) != plan.checksum:
            raise Refused(
                f"{place}: expected the {count} records that it was begun with, got "
                f"{len(messages)} with other content: the input topics were changed; restore them, "
                "or rebuild into an empty Redis"
            )
        if plan.playbook != self._processor.playbook.version or plan.build != self._processor.build:
            self._processor.meter.add("touchline_replays_by_other_build_total")
        shard.todo.popleft()
        self._processor.meter.add("touchline_flushes_replayed_total")
        return Slice(shard, plan, shard.fence, True, messages)


class IntakeSource(DynamicSource[Flush]):
    """One worker, one intake: the processor's shards are this process's."""

    def __init__(self, processor: Processor) -> None:
        self._processor = processor

    def build(self, step_id: str, worker_index: int, worker_count: int) -> Intake:
        """Called once by the engine. Raises ValueError with more than one worker."""
        if worker_count != 1:
            raise ValueError(f"{step_id}: expected one worker in this process, got {worker_count}")
        return Intake(self._processor)
