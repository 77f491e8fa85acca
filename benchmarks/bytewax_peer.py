"""A peer: the same input and the same profiles the way Bytewax itself offers it, without any rule.

Its own Kafka connectors, one keyed step that keeps each customer's profile, one write to Redis and
one record out for each event. Decoding, folding and records are this product's own code, so what
differs is how they are put together: there is no order between a customer's channels, no rule, no
decision, and no promise about crashes (its recovery is off). `python -m benchmarks.bytewax_peer`
prints `{}` when it begins, a JSON line when it is through with its input, and ends when it is told
to (SIGTERM).
"""

import time

import redis
from bytewax import operators as op
from bytewax.connectors.kafka import (
    KafkaError,
    KafkaSink,
    KafkaSinkMessage,
    KafkaSource,
    KafkaSourceMessage,
)
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from msgspec import Struct

from benchmarks.ending import through
from connectors.events.decode import decode
from connectors.kafka.topics import ENRICHED, PREFIX, channel_topic
from connectors.published.records import enriched_record
from flows.engine import execute
from flows.settings import Settings, read_settings
from state.applied import Applied
from state.fold import fold
from state.profile import Profile, encode_profile
from state.store.keys import shard_keys
from state.touchpoint import Touchpoint

Raw = bytes | None
Message = KafkaSourceMessage[Raw, Raw] | KafkaError[Raw, Raw]
KEYS = shard_keys(0)
NOWHERE = Applied(0, 0, 0, 0)


class Counted(Struct, frozen=True):
    """An event that is in its customer's profile."""

    customer: bytes
    profile: bytes
    record: bytes


class Profiles(StatelessSinkPartition[Counted]):
    """One SET for each event, pipelined by the batch."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url)

    def write_batch(self, items: list[Counted]) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for item in items:
            pipeline.set(KEYS.profile_prefix + item.customer, item.profile)
        pipeline.execute()


class ProfileSink(DynamicSink[Counted]):
    def __init__(self, url: str) -> None:
        self._url = url

    def build(self, step_id: str, worker_index: int, worker_count: int) -> Profiles:
        return Profiles(self._url)


def touchpoint(message: Message) -> tuple[str, Touchpoint] | None:
    """None for what is no event: here it is dropped."""
    if isinstance(message, KafkaError):
        return None
    now_ms = time.time_ns() // 1_000_000
    channel = (message.topic or "").removeprefix(PREFIX)
    event = decode(message.value, channel, now_ms, now_ms)
    return (event.customer_id, event) if isinstance(event, Touchpoint) else None


def count(profile: Profile | None, event: Touchpoint) -> tuple[Profile, Counted | None]:
    """None for a repeat."""
    profile = profile or Profile()
    if not fold(profile, event, {}):
        return profile, None
    record = enriched_record(event, {}, (), NOWHERE, "")
    return profile, Counted(event.customer_id.encode(), encode_profile(profile), record)


def out(item: Counted) -> KafkaSinkMessage[Raw, Raw]:
    return KafkaSinkMessage(item.customer, item.record)


def build(settings: Settings) -> Dataflow:
    """Kafka → decode → profile → Redis and Kafka."""
    brokers = [settings.kafka_bootstrap_servers]
    topics = [channel_topic(channel) for channel in settings.channels]
    flow = Dataflow("peer")
    messages = op.input("consume", flow, KafkaSource(brokers, topics, tail=False))
    events = op.filter_map("decode", messages, touchpoint)
    folded = op.key_rm("unkey", op.stateful_map("profile", events, count))
    counted = op.filter_map("new", folded, lambda item: item)
    op.output("redis", counted, ProfileSink(settings.redis_url))
    op.output("kafka", op.map("record", counted, out), KafkaSink(brokers, ENRICHED))
    return flow


def main() -> None:
    flow = build(read_settings())
    print("{}", flush=True)
    execute(flow)
    through()


if __name__ == "__main__":
    main()
