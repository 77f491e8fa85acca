"""Looking at every shard for what has become of a topic, and changing their fences."""

import os
import socket
import time
from collections.abc import Mapping
from functools import partial

import redis
from msgspec import Struct

from connectors.kafka.edges import Edge, read_edges
from connectors.kafka.plan_scan import scan_plans
from connectors.kafka.topics import ENRICHED, topic_ids
from flows.recovery.recreated import Change, accept_input, accept_log, begun_of
from flows.settings import Settings
from state.fence import Fence
from state.store.fences import read_fences
from state.store.shard_store import Refused, ShardStore
from state.store.wire import Wire


class Topics(Struct, frozen=True):
    """A topic, and the plan log, as they are now."""

    topic: str
    ids: Mapping[str, str]
    edges: Mapping[tuple[str, int], Edge]


def look(settings: Settings, topic: str) -> list[Change]:
    """What `accept` would do now, by shard; empty when the topic is the same as before.

    Raises Refused, NoPlan, Unread, KafkaException and redis.RedisError.
    """
    fences = _fences(settings)
    now = _topics(settings, topic, fences)
    changes = [_change(settings, now, shard, fence) for shard, fence in fences.items()]
    return [change for _, change in filter(None, changes)]


def accept(settings: Settings, topic: str) -> list[Change]:
    """Change the fences of the shards that need it; whoever owns one of them is fenced.

    Raises what `look` raises, and WireLost and Unsettled when a shard cannot be had just now.
    """
    fences = _fences(settings)
    now = _topics(settings, topic, fences)
    done = (
        _accept(settings, now, shard, fence)
        for shard, fence in fences.items()
        if _change(settings, now, shard, fence) is not None
    )
    return [change for change in done if change is not None]


def _accept(settings: Settings, now: Topics, shard: int, seen: Fence) -> Change | None:
    owner = f"accepting:{socket.gethostname()}:{os.getpid()}"
    store = ShardStore(partial(Wire, settings.redis_url), shard, owner)
    try:
        fence = store.take(time.time_ns() // 1000, lambda: seen).fence
        # Looked at again, now that nobody else can change it.
        found = _change(settings, now, shard, fence)
        if found is None:
            return None
        changed, change = found
        store.begin_fence(changed)
        store.end()
        return change
    finally:
        store.close()


def _fences(settings: Settings) -> dict[int, Fence]:
    client = redis.Redis.from_url(settings.redis_url, socket_timeout=30, socket_connect_timeout=5)
    fences = read_fences(client, range(settings.partitions))
    client.close()
    if not fences:
        raise Refused(
            "expected a Redis that holds the state of the flow, got one without any fence; point "
            "TOUCHLINE_REDIS_URL to the right one; if the state is lost, `touchline rebuild`"
        )
    for shard, fence in fences.items():
        if fence.partitions != settings.partitions:
            raise Refused(
                f"shard {shard}: expected {fence.partitions} partitions, which its state was made "
                f"with, got {settings.partitions}: the number is fixed for life"
            )
    return fences


def _topics(settings: Settings, topic: str, fences: Mapping[int, Fence]) -> Topics:
    names = sorted({topic, ENRICHED})
    ids = topic_ids(settings.kafka_config, names)
    if missing := [name for name in names if name not in ids]:
        raise Refused(f"topic {missing[0]} does not exist: `touchline topics create` makes it")
    places = [(name, shard) for shard in fences for name in names]
    return Topics(topic, ids, read_edges(settings.kafka_config, places))


def _change(
    settings: Settings, now: Topics, shard: int, fence: Fence
) -> tuple[Fence, Change] | None:
    log_id, log_edge = now.ids[ENRICHED], now.edges[ENRICHED, shard]
    wrong_log = accept_log(shard, fence, log_id, log_edge)
    if now.topic == ENRICHED:
        return wrong_log
    if wrong_log is not None:
        raise Refused(
            f"{wrong_log[1].why}: begin with `touchline topics accept-recreated {ENRICHED}`"
        )
    plans = scan_plans(settings.kafka_config, {shard: fence.plan_offset})
    begun = begun_of(fence, (plan for _, _, plan in plans), now.topic)
    edge, topic_id = now.edges[now.topic, shard], now.ids[now.topic]
    return accept_input(shard, fence, now.topic, topic_id, edge, log_edge.high, begun)
