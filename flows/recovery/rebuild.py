"""Making the state anew from Kafka: every planned flush is done again, in its order.

Guaranteed: the same flushes of the same events give the same profiles, offers and counters, and
nothing that Kafka already holds is published again but the last flush of each shard. After a crash
at any point the next `rebuild`, or the flow itself, goes on where the last commit ended.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import redis
from msgspec import Struct, field

from connectors.kafka.plan_scan import scan_plans
from connectors.kafka.topics import ENRICHED, all_topics, check_topics, input_topics, topic_ids
from flows.metrics.meter import Meter
from flows.processor.shard import Hold
from flows.processor.start import start_processor
from flows.recovery.history import Rest
from flows.recovery.origins import seen_origins
from flows.recovery.planned import Planned, Progress
from flows.recovery.survey import Found, Removed, Survey, survey
from flows.settings import Settings
from flows.touchpoints import process
from state.fence import VERSION, Fence, Position
from state.store.fences import read_fences, with_keys
from state.store.requirements import check_server
from state.store.shard_store import Fenced, Refused, ShardStore
from state.store.wire import Wire

log = logging.getLogger("touchline.rebuild")

ROLE = "rebuild:"
"""Stands before the owner's name, so that a rebuild which was interrupted is known by it."""


class Lossy(Exception):
    """Not everything can be made again, and nobody has said that this is accepted."""

    def __init__(self, found: Sequence[Found], removed: Sequence[Removed]) -> None:
        super().__init__("not everything can be made again")
        self.found = found
        """The shards that would be without a part of their history."""
        self.removed = removed


class Rebuilt(Struct):
    """What was done."""

    progress: Progress
    shards: list[int] = field(default_factory=list)
    """Those that were taken."""
    left: dict[int, str] = field(default_factory=dict)
    """Shards that have a fence and were left alone → their owner."""
    survey: Survey = field(default_factory=lambda: Survey([], []))
    stopped: bool = False
    """Told to stop before all was done."""


def rebuild(
    settings: Settings,
    accept_loss: bool,
    stop: threading.Event,
    tell: Callable[[Progress], None],
) -> Rebuilt:
    """Do again all that was planned of each shard without a fence, or until `stop` is set.

    Raises Lossy, Refused, Fenced when a flow has taken some of them meanwhile, Unsuitable,
    redis.RedisError, NoPlan, Unread, KafkaException, and what a flow raises.
    """
    config = settings.kafka_config
    if wrong := check_topics(config, settings.channels, settings.partitions):
        raise Refused("; ".join(wrong))
    ids = topic_ids(config, [topic.name for topic in all_topics(settings.channels)])
    client = redis.Redis.from_url(settings.redis_url, socket_timeout=30, socket_connect_timeout=5)
    for warning in check_server(client):
        log.warning("redis: %s", warning)
    fences = read_fences(client, range(settings.partitions))
    _check(client, settings, fences)
    begun = {shard: f for shard, f in fences.items() if f.owner.startswith(ROLE)}
    done = Rebuilt(
        Progress(0, 0, 0), left={s: f.owner for s, f in fences.items() if s not in begun}
    )
    empty = [shard for shard in range(settings.partitions) if shard not in fences]
    inputs = input_topics(settings.channels)
    found = survey(config, inputs, empty, stop.is_set) if empty else done.survey
    rest = _rest(settings, begun, stop)
    if found is None or rest is None:
        done.stopped = True
        return done
    done.survey = found
    if not accept_loss and (unsure := [one for one in found.found if not one.whole]):
        raise Lossy(unsure, found.removed)
    positions = {one.shard: one.beginning.positions for one in found.found}
    input_ids = {topic: ids[topic] for topic in inputs}
    seeds = seen_origins(settings, input_ids, positions, stop.is_set)
    if seeds is None:
        done.stopped = True
        return done
    for one in found.found:
        _begin(settings, ids, one, seeds[one.shard])
    _replay(settings, done, found, rest, stop, tell)
    return done


def _check(client: "redis.Redis", settings: Settings, fences: Mapping[int, Fence]) -> None:
    for shard, fence in fences.items():
        if fence.partitions != settings.partitions:
            raise Refused(
                f"shard {shard}: expected {fence.partitions} partitions, which its state was made "
                f"with, got {settings.partitions}: the number is fixed for life"
            )
    empty = [shard for shard in range(settings.partitions) if shard not in fences]
    if empty and (full := with_keys(client, empty)):
        raise Refused(
            f"shards {', '.join(map(str, sorted(full)))}: expected no key in Redis, as there is no "
            "fence, got some: events would count twice; restore Redis from a backup, or delete all "
            "keys of these shards (touchline:{sNN}:*)"
        )


def _rest(
    settings: Settings, begun: Mapping[int, Fence], stop: threading.Event
) -> dict[int, Rest] | None:
    """What an interrupted rebuild has left to do, for shards that have something left."""
    left = {shard: Rest(fence.generation, fence.commit) for shard, fence in begun.items()}
    starts = {shard: fence.plan_offset for shard, fence in begun.items()}
    for shard, offset, plan in scan_plans(settings.kafka_config, starts):
        if stop.is_set():
            return None
        left[shard].add(offset, plan)
    return {shard: rest for shard, rest in left.items() if rest.flushes}


def _begin(
    settings: Settings, ids: Mapping[str, str], one: Found, origins: Mapping[str, int]
) -> None:
    """Give a shard its first fence."""
    begins = one.beginning
    fence = Fence(
        version=VERSION,
        owner="",
        epoch=0,
        generation=begins.generation,
        commit=begins.commit,
        partitions=settings.partitions,
        now_ms=begins.now_ms,
        plan_offset=begins.plan_offset,
        plan=None,
        positions={
            topic: Position(ids[topic], offset, cuts=begins.cuts.get(topic, 0))
            for topic, offset in begins.positions.items()
        },
        log_id=ids[ENRICHED],
    )
    store = ShardStore(partial(Wire, settings.redis_url), one.shard, f"{ROLE}beginning")
    store.take(time.time_ns() // 1000, lambda: fence, origins)
    store.close()


def _replay(
    settings: Settings,
    done: Rebuilt,
    found: Survey,
    rest: Mapping[int, Rest],
    stop: threading.Event,
    tell: Callable[[Progress], None],
) -> None:
    """Run the flow on these shards until all of their plans are done."""
    done.shards = sorted([*(one.shard for one in found.found), *rest])
    if not done.shards:
        return
    works = [(one.flushes, one.events) for one in found.found]
    works += [(left.flushes, left.events) for left in rest.values()]
    flushes, events = map(sum, zip(*works, strict=True))
    done.progress = progress = Progress(flushes, events, len(done.shards))
    meter = Meter.for_flow("touchpoints", settings, done.shards)
    processor = start_processor(
        settings, meter, stop, lambda: None, (1, 1), only=done.shards, role=ROLE
    )
    if processor is not None:
        planned = Planned(processor, progress, tell)
        process(processor, planned)
        planned.look()
        if gone := [shard.index for shard in processor.shards if shard.hold is Hold.GONE]:
            raise Fenced(
                f"shards {', '.join(map(str, gone))}: a flow has taken them before all was done, "
                "and does the rest itself"
            )
    done.stopped = not progress.complete
