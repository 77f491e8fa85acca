"""What the steps of the touchpoints flow share, and how trouble is sorted.

Three outcomes, each with a name: *wait* (a shard whose Redis connection or fence is in doubt is
dropped and taken again), *dead-letter* (a bad record), *stop* (going on would break a promise).
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from connectors.kafka.errors import Outage, words
from connectors.kafka.publisher import Publisher
from connectors.kafka.shard_consumer import ShardConsumer
from connectors.kafka.topics import channel_topic, input_topics
from decisions.playbook import Playbook
from flows.execution import Execution, Stopped
from flows.metrics.availability import Availability
from flows.metrics.meter import Meter
from flows.processor.fenced import all_taken, taken
from flows.processor.flush import Flush, Slice
from flows.processor.forwarding import MisplacedNotice
from flows.processor.letter_window import LetterWindow
from flows.processor.shard import Hold, Shard
from flows.settings import Settings
from state.store.shard_store import Fenced, FenceMoved, Unsettled
from state.store.wire import WireLost, WireTimeout

if TYPE_CHECKING:
    from flows.processor.membership import Membership

log = logging.getLogger("touchline.touchpoints")


class Processor:
    """One per process; it belongs to the flow's thread."""

    def __init__(
        self,
        settings: Settings,
        playbook: Playbook,
        meter: Meter,
        shards: list[Shard],
        consumer: ShardConsumer,
        publisher: Publisher,
        outage: Outage,
        kafka: Availability,
        redis: Availability,
        topic_ids: dict[str, str],
        build: str,
        stop: threading.Event,
    ) -> None:
        self.settings = settings
        self.playbook = playbook
        self.meter = meter
        self.shards = shards
        self.by_index = {shard.index: shard for shard in shards}
        self.consumer = consumer
        self.publisher = publisher
        self.outage = outage
        self.kafka = kafka
        self.redis = redis
        self.topic_ids = topic_ids
        """Topic → the broker's id of it at start; outputs too."""
        self.inputs = input_topics(settings.channels)
        self.topics = {channel: channel_topic(channel) for channel in settings.channels}
        """Channel → its topic: those whose events say how far a shard is in time."""
        self.input_ids = {name: topic_ids[name] for name in self.inputs if name in topic_ids}
        """Of `topic_ids` those that shards read."""
        self.misplaced = MisplacedNotice()
        self.build = build
        self.execution = Execution(stop)
        self.membership: Membership | None = None
        """In the group that shares the shards out; None when they are fixed."""
        self.in_flight = False
        """A flush is between the source and the end of the stream: the next one must wait."""
        self.pending: Flush | None = None
        """The flush that is produced and not committed."""
        self.letters = LetterWindow(settings.dead_letter_percent, settings.dead_letter_window)

    def stage(
        self, name: str, step: Callable[["Processor", Flush], None]
    ) -> Callable[[Flush], Iterable[Flush]]:
        """`step`, which fills a flush, as a timed step of the dataflow, for `flat_map`."""

        def timed(flush: Flush) -> Flush:
            with self.measured(name, flush.events):
                step(self, flush)
            return flush

        return self.execution.guard(timed)

    @contextmanager
    def measured(self, stage: str, events: int) -> Iterator[None]:
        """Book `events` and the time that passes inside, elapsed and this thread's, to `stage`."""
        wall, cpu = time.perf_counter(), time.thread_time()
        yield
        self.book_stage(stage, wall, cpu, events)

    def book_stage(self, stage: str, wall: float, cpu: float, events: int) -> None:
        """Book `events`, and what has passed since `wall` (perf_counter) and `cpu` (thread_time),
        to `stage`."""
        meter = self.meter
        meter.observe("touchline_stage_seconds", time.perf_counter() - wall, stage=stage)
        meter.add("touchline_stage_cpu_seconds_total", time.thread_time() - cpu, stage=stage)
        meter.add("touchline_stage_events_total", events, stage=stage)

    def each(
        self, stage: str, slices: Iterable[Slice], act: Callable[[Slice], None]
    ) -> list[Slice]:
        """`act` on each slice; those whose shard is in doubt are dropped, the others returned."""
        kept = []
        hanging: WireTimeout | None = None
        for part in slices:
            if part.shard.hold is not Hold.OWNED:
                continue  # lost meanwhile, by what was done for another
            try:
                if hanging is not None:
                    raise hanging  # the others would wait as long for nothing
                act(part)
            except (WireLost, Unsettled) as doubt:
                hanging = doubt if isinstance(doubt, WireTimeout) else hanging
                self.lose(part.shard, doubt, stage)
            else:
                kept.append(part)
        hanging = None  # it holds this frame, and so the whole flush would stay
        return kept

    def lose(self, shard: Shard, why: Exception, stage: str) -> None:
        """Nothing of `shard` is done until it has been taken again; `stage` is one of LOSING.

        Raises Stopped when the process is told to stop and Redis hangs: every further question
        would wait as long for nothing, and what was begun is done again by the next owner.
        """
        self.consumer.stop(shard.index)
        if self.pending is not None:
            self.pending.drop(shard)
        shard.lose(time.monotonic())
        self.meter.add("touchline_shards_lost_total", stage=stage, cause=_cause(why))
        if isinstance(why, WireLost):
            self.redis.tell(False)
        # Who has moved a fence is known, and said of all such shards at once, when it is looked at.
        level = logging.DEBUG if isinstance(why, FenceMoved) else logging.WARNING
        log.log(level, "shard %d waits %.1f s: %s", shard.index, shard.retry_delay, words(why))
        self.report_holds()
        if isinstance(why, WireTimeout) and self.execution.stop.is_set():
            log.warning("told to stop while Redis hangs: what is not finished is done again")
            raise Stopped

    def leave(self, owners: Mapping[Shard, str]) -> None:
        """Other owners have these shards. Without any left the process has nothing to do: it ends,
        or in a group waits for an assignment."""
        for shard, owner in owners.items():
            self.consumer.stop(shard.index)
            shard.leave(owner)
            self.meter.add("touchline_shards_fenced_total")
            self.forget(shard)
        if any(shard.hold is not Hold.GONE for shard in self.shards):
            log.warning(taken({shard.index: owner for shard, owner in owners.items()}))
        elif owners:
            why = all_taken({shard.index: shard.taken_by for shard in self.shards})
            if self.membership is None:
                self.execution.fail(Fenced(why))
            else:
                log.warning("%s; this process waits for Kafka to assign it shards anew", why)
        self.report_holds()

    def forget(self, shard: Shard) -> None:
        """Another process shows how this shard stands."""
        index = str(shard.index)
        self.meter.forget("touchline_clock_delay_seconds", shard=index)
        for topic in self.inputs:
            self.meter.forget("touchline_lag_events", topic=topic, shard=index)
            self.meter.forget("touchline_clock_holder", topic=topic, shard=index)

    def report_holds(self) -> None:
        """Metrics: how many shards are owned, how many wait."""
        holds = [shard.hold for shard in self.shards]
        self.meter.set("touchline_shards_owned", holds.count(Hold.OWNED))
        self.meter.set("touchline_shards_waiting", holds.count(Hold.WAITING))

    def settle(self) -> None:
        """Wait for every acknowledgement, however long the broker is away.

        Raises NotDelivered; Stopped when the process is told to stop meanwhile (what was begun is
        then done again, byte for byte, by whoever takes the shard next).
        """
        waited = 0.0
        while not self.publisher.settle(0.25):
            waited += 0.25
            self.kafka.look()
            if waited == 1:
                self.outage.begin("nothing is acknowledged")
            if self.execution.stop.is_set() and waited > 1:
                log.warning("told to stop while Kafka is away: what was begun is done again")
                raise Stopped
        if waited:
            self.outage.end()
        for shard in self.shards:
            shard.trim += shard.published
            shard.published = 0

    def close(self) -> None:
        """Let go of every connection; what is not committed is done again by the next owner."""
        self.consumer.close()
        self.publisher.abandon()
        for shard in self.shards:
            shard.store.close()

    def in_charge(self) -> bool:
        """Whether it owns shard 0: one of all processes tells all shards what none knows by itself.
        May be asked by any thread."""
        first = self.by_index.get(0)
        return first is not None and first.hold is Hold.OWNED

    @property
    def ready(self) -> bool:
        """Whether every shard that is not another owner's is owned."""
        return all(shard.hold is not Hold.WAITING for shard in self.shards)


def _cause(why: Exception) -> str:
    """One of CAUSES: what of a shard is in doubt."""
    if isinstance(why, WireTimeout):
        return "timeout"
    if isinstance(why, WireLost):
        return "connection"
    return "fence" if isinstance(why, Unsettled) else "kafka"
