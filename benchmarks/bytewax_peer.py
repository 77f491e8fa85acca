"""A peer: the same input through plain Bytewax with its own Kafka connectors, without any rule.

Each event is decoded, put into its customer's Redis hash and written on, with no promise about
crashes. `python -m benchmarks.bytewax_peer` prints `{}` when it begins and ends with its input.
"""

import msgspec
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

from connectors.events.event import Event
from connectors.kafka.topics import ENRICHED, channel_topic
from flows.engine import execute
from flows.settings import Settings, read_settings

Raw = bytes | None
Message = KafkaSourceMessage[Raw, Raw] | KafkaError[Raw, Raw]
decode = msgspec.json.Decoder(Event).decode


class Known(msgspec.Struct, frozen=True):
    """A decoded event."""

    customer: str
    name: str
    value: bytes


class Hashes(StatelessSinkPartition[Known]):
    """One HSET for each event, pipelined by the batch."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url)

    def write_batch(self, items: list[Known]) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for item in items:
            pipeline.hset(f"peer:{item.customer}", item.name, item.value)
        pipeline.execute()


class HashSink(DynamicSink[Known]):
    def __init__(self, url: str) -> None:
        self._url = url

    def build(self, step_id: str, worker_index: int, worker_count: int) -> Hashes:
        return Hashes(self._url)


def known(message: Message) -> Known | None:
    """None for what is no event: here it is dropped."""
    if isinstance(message, KafkaError):
        return None
    try:
        event = decode(message.value or b"")
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    customer = event.user_id or event.anonymous_id or ""
    return Known(customer, event.event or event.type, message.value or b"")


def out(item: Known) -> KafkaSinkMessage[Raw, Raw]:
    return KafkaSinkMessage(item.customer.encode(), item.value)


def build(settings: Settings) -> Dataflow:
    """Kafka → decode → Redis and Kafka."""
    brokers = [settings.kafka_bootstrap_servers]
    topics = [channel_topic(channel) for channel in settings.channels]
    flow = Dataflow("peer")
    messages = op.input("consume", flow, KafkaSource(brokers, topics, tail=False))
    events = op.filter_map("decode", messages, known)
    op.output("redis", events, HashSink(settings.redis_url))
    op.output("kafka", op.map("record", events, out), KafkaSink(brokers, ENRICHED))
    return flow


def main() -> None:
    flow = build(read_settings())
    print("{}", flush=True)
    execute(flow)


if __name__ == "__main__":
    main()
