"""commit: produce, wait for every acknowledgement, one EXEC per shard, publish the outbox.

Guaranteed: an event changes state once, and an offer is readable only after its enriched record is
acknowledged. After a crash between two lines of this file the shard's next owner finds the plan and
does the flush again, byte for byte; readers drop what they have seen by its place (`Applied`).
"""

import time
from functools import partial

import msgspec
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from msgspec import structs

from connectors.records import offers_document
from flows.processor.flush import Flush, Slice
from flows.processor.processor import Processor
from state.fence import Fence, Position, encode_plan
from state.profile import encode_profile
from state.store import Commit
from state.touchpoint import Touchpoint

encode_entry = msgspec.msgpack.Encoder().encode


def produce_step(processor: Processor, flush: Flush) -> None:
    """The plan first, then the rows, in order; dead letters likewise; all acknowledged."""
    publisher = processor.publisher
    for part in flush.slices:
        index = part.shard.index
        publisher.plan(index, encode_plan(part.plan))
        publisher.enriched(index, part.rows)
        publisher.dead_letters(index, part.dead_letters)
    processor.settle()


def exec_step(processor: Processor, flush: Flush) -> None:
    """Profiles, serving keys, outbox, counters and fence: one transaction per shard."""

    def begin(part: Slice) -> None:
        part.fence = _committed(part)
        part.shard.store.begin_commit(_commit(part))

    def end(part: Slice) -> None:
        part.shard.store.end_commit()
        shard = part.shard
        shard.fence, shard.seen_commit = part.fence, part.fence.commit
        shard.log_end += 1 + len(part.rows)
        shard.trim = 0
        shard.remember(part.touched)

    flush.slices = processor.each(processor.each(flush.slices, begin), end)


def publish_step(processor: Processor, flush: Flush) -> None:
    """Hand the recorded actions over; the next flush, or idleness, waits until they are settled."""
    for part in flush.slices:
        records = [(customer.encode(), record) for customer, record in part.actions]
        processor.publisher.actions(part.shard.index, records)
        part.shard.published += len(records)


def _committed(part: Slice) -> Fence:
    """The fence after this commit."""
    shard, plan = part.shard, part.plan
    positions = dict(part.fence.positions)
    last_ids: dict[str, str] = {}
    for message, event in zip(reversed(part.messages), reversed(part.events), strict=True):
        if len(last_ids) == len(plan.ranges):
            break
        if isinstance(event, Touchpoint):
            last_ids.setdefault(message.topic(), event.message_id)
    for topic, planned in plan.ranges.items():
        known = positions[topic]
        positions[topic] = Position(known.topic_id, planned.end, last_ids.get(topic, known.last_id))
    return structs.replace(
        part.fence,
        commit=plan.commit,
        plan=None,
        # While begun plans are left they may lie anywhere in what was read of the log at the
        # take-over; from then on every plan of this owner lies beyond what it has produced.
        plan_offset=part.fence.plan_offset if shard.todo else shard.log_end,
        positions=positions,
    )


def _commit(part: Slice) -> Commit:
    shard = part.shard
    for kind, counts in part.tally.items():
        for label, count in counts.items():
            name = f"{kind}:{label}"
            shard.counters[name] = shard.counters.get(name, 0) + count
    return Commit(
        fence=part.fence,
        profiles=[(customer, encode_profile(kept)) for customer, kept in part.touched.items()],
        serving=[
            (customer, offers_document(customer, serving), serving.expires_at)
            for customer, serving in part.serving.items()
        ],
        actions=[encode_entry((customer.encode(), record)) for customer, record in part.actions],
        trim=shard.trim,
        counters=shard.counters,
    )


def book(processor: Processor, flush: Flush) -> None:
    """Metrics of what is committed."""
    meter, now_s = processor.meter, time.time()
    waits: list[float] = []
    for part in flush.slices:
        meter.add("touchline_commits_total")
        for outcome in ("accepted", "duplicate"):
            for channel, count in part.tally.get(outcome, {}).items():
                meter.add("touchline_events_total", count, channel=channel, outcome=outcome)
        for topic, count in part.tally.get("dead_letter", {}).items():
            channel = topic.rpartition(".")[2]
            meter.add("touchline_events_total", count, channel=channel, outcome="dead_letter")
        for metric, kind, label in COUNTED:
            for value, count in part.tally.get(kind, {}).items():
                meter.add(metric, count, **{label: value})
        for kind, direction in (("segment.entered", "entered"), ("segment.exited", "exited")):
            for segment, count in part.tally.get(kind, {}).items():
                meter.add(
                    "touchline_segment_transitions_total",
                    count,
                    segment=segment,
                    direction=direction,
                )
        meter.add("touchline_rule_errors_total", sum(part.tally.get("rule_errors", {}).values()))
        meter.add("touchline_trimmed_total", part.trimmed)
        if not part.replay:
            waits += [
                now_s - event.received_ms / 1000
                for event in part.events
                if isinstance(event, Touchpoint)
            ]
    meter.observe_many("touchline_event_to_offer_seconds", waits)


COUNTED = (
    ("touchline_dead_letters_total", "reason", "reason"),
    ("touchline_offers_decided_total", "offer.decided", "offer"),
    ("touchline_alerts_raised_total", "alert.raised", "alert"),
)


class Committer(StatelessSinkPartition[Flush]):
    """The end of the stream: what comes here decided is made true."""

    def __init__(self, processor: Processor) -> None:
        self._processor = processor
        self._steps = [
            processor.stage(name, partial(step, processor))
            for name, step in (
                ("produce", produce_step),
                ("commit", exec_step),
                ("publish", publish_step),
                ("book", book),
            )
        ]

    def write_batch(self, items: list[Flush]) -> None:
        """Commit each flush; after the last the next plan may be made."""
        for flush in items:
            for step in self._steps:
                step(flush)
        self._processor.in_flight = False


class CommitSink(DynamicSink[Flush]):
    """One worker, one committer."""

    def __init__(self, processor: Processor) -> None:
        self._processor = processor

    def build(self, step_id: str, worker_index: int, worker_count: int) -> Committer:
        """Called once by the engine."""
        return Committer(self._processor)
