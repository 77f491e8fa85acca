"""commit: fix the plan, produce, wait for every acknowledgement, one EXEC per shard, publish.

Guaranteed: an event changes state once, and an offer is readable only after its enriched record is
acknowledged. After a crash between two lines of this file the shard's next owner finds the plan and
does the flush again, byte for byte; readers drop what they have seen by its place (`Applied`).

While the broker acknowledges one flush the next is read and decided, in memory alone. Its plan
rides in the EXEC that commits the one before, so it is fixed before its first byte is produced.
"""

from bytewax.outputs import DynamicSink, StatelessSinkPartition
from msgspec import structs

from connectors.published.records import offers_document
from flows.processor.booking import book
from flows.processor.flush import Flush, Slice
from flows.processor.letter_limit import over_limit
from flows.processor.processor import Processor
from flows.processor.shard import Shard
from state.fence import Fence, advance, encode_plan
from state.outbox import ActionEntry, encode_entry
from state.profile import encode_profile
from state.store.counters import SINCE_MS
from state.store.shard_store import Commit, Unsettled
from state.store.wire import WireLost, WireTimeout
from state.touchpoint import Touchpoint


def commit_pending(processor: Processor, upcoming: Flush | None = None) -> None:
    """Make the flush that was produced last true, and fix the plans of `upcoming`.

    Drops from `upcoming` what belongs to a shard that is in doubt. Raises NotDelivered, Refused.
    """
    pending = processor.pending or Flush([])
    upcoming = upcoming or Flush([])
    if pending.slices:
        with processor.measured("acknowledge", pending.events):
            processor.settle()
    processor.pending = None
    with processor.measured("commit", pending.events):
        _write(processor, pending, upcoming)
    with processor.measured("publish", pending.events):
        _publish(processor, pending)
        book(processor, pending)


def _write(processor: Processor, pending: Flush, upcoming: Flush) -> None:
    """One transaction per shard: what is pending of it, and what is planned next."""
    sent: list[tuple[Shard, Slice | None, Fence]] = []
    of_pending = {part.shard: part for part in pending.slices}
    of_upcoming = {part.shard: part for part in upcoming.slices}
    for shard in of_pending | of_upcoming:
        done, planned = of_pending.get(shard), of_upcoming.get(shard)
        fence = _committed(done) if done is not None else shard.fence
        if planned is not None:
            fence = structs.replace(fence, plan=planned.plan, now_ms=planned.plan.now_ms)
        try:
            if done is not None:
                shard.store.begin_commit(_commit(done, fence))
            else:
                shard.store.begin_fence(fence)
        except (WireLost, Unsettled) as doubt:
            _drop(processor, shard, pending, upcoming, doubt)
        else:
            sent.append((shard, done, fence))
    hanging: WireTimeout | None = None
    for shard, done, fence in sent:
        try:
            if hanging is not None:
                raise hanging  # the others would wait as long for nothing
            shard.store.end()
        except (WireLost, Unsettled) as doubt:
            hanging = doubt if isinstance(doubt, WireTimeout) else hanging
            _drop(processor, shard, pending, upcoming, doubt)
            continue
        shard.fence, shard.seen_commit = fence, fence.commit
        if done is not None:
            if not done.logged:
                shard.log_end += 1 + len(done.rows)
            shard.trim = 0
            shard.remember(done.touched)
    hanging = None  # it holds this frame, and so both flushes would stay


def _drop(
    processor: Processor, shard: Shard, pending: Flush, upcoming: Flush, doubt: Exception
) -> None:
    outcome = "refused" if isinstance(doubt, Unsettled) else "unknown"
    processor.meter.add("touchline_commits_failed_total", outcome=outcome)
    pending.drop(shard)
    upcoming.drop(shard)
    processor.lose(shard, doubt, "commit")


def _publish(processor: Processor, done: Flush) -> None:
    """Hand over what the outbox recorded; settled with what is produced next, or when idle."""
    for part in done.slices:
        records = [(customer.encode(), record) for customer, record in part.actions]
        processor.publisher.actions(part.shard.index, records)
        processor.publisher.forwards(part.shard.index, part.forwards)
        part.shard.published += len(records) + len(part.forwards)


def _produce(processor: Processor, flush: Flush) -> None:
    """The plan first, then the rows, in order; dead letters likewise. Nothing of what the log
    already holds: with another playbook, an id would have two contents."""
    publisher = processor.publisher
    for part in flush.slices:
        index = part.shard.index
        if not part.logged:
            publisher.plan(index, encode_plan(part.plan))
            publisher.enriched(index, part.rows)
            publisher.dead_letters(index, part.dead_letters)
        if part.replay:
            leave_out_published(part)
        # Now, since the next flush goes on with the same objects before this one is committed.
        part.profiles = [
            (customer, encode_profile(kept)) for customer, kept in part.touched.items()
        ]


def leave_out_published(part: Slice) -> None:
    """Keep of the actions and of what is forwarded what may not lie in its topic.

    All of it does once the plan after the next one is in the log: that was produced when the next
    was committed, and this when everything handed over before was acknowledged. By their numbers,
    whatever generation has begun meanwhile: it begins without such a commit.
    """
    plan, acted = part.plan, part.shard.acted
    if plan.commit + 1 < part.shard.log_latest[1]:
        part.actions, part.forwards = [], []
        return
    part.actions = [
        (customer, record)
        for index, (customer, record) in enumerate(part.actions)
        if not acted.holds((plan.generation, plan.commit, index), record)
    ]


def _committed(part: Slice) -> Fence:
    """The fence after this commit."""
    shard, plan = part.shard, part.plan
    last_ids: dict[str, str] = {}
    for message, event in zip(reversed(part.messages), reversed(part.events), strict=True):
        if len(last_ids) == len(plan.ranges):
            break
        if isinstance(event, Touchpoint):
            last_ids.setdefault(message.topic(), event.message_id)
    fence = advance(shard.fence, plan, last_ids, part.newest_ms, part.clock_ms)
    if plan.commit < shard.last_begun or shard.unread:
        # The begun plans that are left lie anywhere in the piece of the log that was read last.
        return structs.replace(fence, plan_offset=shard.log_from)
    return structs.replace(fence, plan_offset=shard.log_end)


def _commit(part: Slice, fence: Fence) -> Commit:
    shard = part.shard
    if not shard.counters:
        shard.counters[SINCE_MS] = part.plan.now_ms
    for kind, counts in part.tally.items():
        for label, count in counts.items():
            name = f"{kind}:{label}"
            shard.counters[name] = shard.counters.get(name, 0) + count
    return Commit(
        fence=fence,
        profiles=part.profiles,
        serving=[
            (customer, offers_document(customer, serving), serving.expires_at)
            for customer, serving in part.serving.items()
        ],
        outbox=[
            *[encode_entry(ActionEntry(name.encode(), record)) for name, record in part.actions],
            *map(encode_entry, part.forwards),
        ],
        trim=shard.trim,
        counters=shard.counters,
        origins=part.origins,
        timers=part.timers,
        learned=part.world.learned if part.world else {},
        told=part.world.told if part.world else {},
        products=part.world.products if part.world else {},
        budgets=part.world.budgets if part.world else {},
        ledger=part.world.ledger if part.world else {},
        holders=part.holders,
    )


class Committer(StatelessSinkPartition[Flush]):
    """The end of the stream: what comes here decided is produced, and then made true."""

    def __init__(self, processor: Processor) -> None:
        self._processor = processor
        self._taken = processor.execution.guard(self._take)

    def write_batch(self, items: list[Flush]) -> None:
        """Produce each flush, once its predecessor is committed and its plan is fixed."""
        for flush in items:
            self._taken(flush)
        self._processor.in_flight = False

    def _take(self, flush: Flush) -> None:
        processor = self._processor
        if (too_many := over_limit(processor, flush)) is not None:
            return processor.execution.finish(too_many)
        commit_pending(processor, flush)
        with processor.measured("produce", flush.events):
            _produce(processor, flush)
        processor.pending = flush if flush.slices else None
        for part in flush.slices:
            part.shard.evict(part.touched)
        return None


class CommitSink(DynamicSink[Flush]):
    """One worker, one committer."""

    def __init__(self, processor: Processor) -> None:
        self._processor = processor

    def build(self, step_id: str, worker_index: int, worker_count: int) -> Committer:
        """Called once by the engine."""
        return Committer(self._processor)
