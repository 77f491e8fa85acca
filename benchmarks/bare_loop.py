"""The bare loop: consume → msgspec → fold → MSET → produce, written by hand, and nothing else.

What a Python process must do for these profiles at the least: read events, keep each customer's
profile in memory and in Redis, write a record for each event. No plan, no fence, no commit, no
cache bound, no rule, no offer, no dead letter, no metric, no order between a customer's channels,
and no promise: after a crash everything is counted again, and whatever is not an event is skipped.
It uses the product's fold, so that its profiles are the same; all else is its own.

`python -m benchmarks.bare_loop` prints `{}` when it reads, a JSON line when all that was in the
topics is through, and ends when it is told to (SIGTERM).
"""

import gc
import time
from datetime import datetime
from typing import Annotated, Any

import msgspec
import redis
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from msgspec import Meta, Struct

from benchmarks.ending import through
from connectors.events.event import FIXED_NAMES
from connectors.kafka.topics import ENRICHED, PREFIX, channel_topic
from flows.settings import Settings, read_settings
from state.fold import fold
from state.profile import Profile, encode_profile
from state.times import milliseconds
from state.touchpoint import Touchpoint, identity

BATCH = 4_000
WAIT_S = 0.1
PROFILE = b"bare:"
"""What its keys begin with; the customer id follows."""
Moment = Annotated[datetime, Meta(tz=True)]


class Event(Struct, rename="camel", gc=False):
    """The fields that the fold reads."""

    message_id: str
    type: str
    event: str = ""
    user_id: str | None = None
    anonymous_id: str | None = None
    timestamp: Moment | None = None
    original_timestamp: Moment | None = None
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None


class Row(Struct, gc=False):
    """What is produced for each event."""

    id: str
    customer_id: str
    channel: str
    event: str
    at_ms: int
    original: msgspec.Raw


read = msgspec.json.Decoder(Event).decode
write = msgspec.json.Encoder().encode


def touchpoint(raw: bytes, channel: str) -> Touchpoint | None:
    """None for what is no event."""
    try:
        event = read(raw)
    except (ValueError, RecursionError):
        return None
    customer = event.anonymous_id if event.user_id is None else event.user_id
    moment = event.timestamp or event.original_timestamp
    name = event.event if event.type == "track" else FIXED_NAMES.get(event.type)
    if not customer or moment is None or not name:
        return None
    digest = identity(customer, event.message_id)
    return Touchpoint(
        id=digest.hex(),
        fingerprint=digest[:8],
        message_id=event.message_id,
        customer_id=customer,
        channel=channel,
        type=event.type,
        name=name,
        at_ms=milliseconds(moment),
        received_ms=0,
        properties=event.properties or {},
        traits=event.traits or {},
        raw=raw,
    )


def loop(settings: Settings) -> int:
    """Until every partition has been read to its end; returns how many events were taken."""
    consumer = Consumer(
        {
            **settings.kafka_config,
            "group.id": "bare",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    producer = Producer({**settings.kafka_config, "queue.buffering.max.messages": 500_000})
    client = redis.Redis.from_url(settings.redis_url)
    parts = range(settings.partitions)
    topics = [channel_topic(channel) for channel in settings.channels]
    consumer.assign([TopicPartition(topic, part, 0) for topic in topics for part in parts])
    print("{}", flush=True)
    profiles: dict[str, Profile] = {}
    ended, taken = 0, 0
    while ended < len(topics) * len(parts):
        changed: dict[str, Profile] = {}
        rows: list[tuple[bytes | None, bytes]] = []
        for message in consumer.consume(BATCH, WAIT_S):
            if (error := message.error()) is not None:
                if error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(error)
                ended += 1
                continue
            raw = message.value() or b""
            event = touchpoint(raw, (message.topic() or "").removeprefix(PREFIX))
            if event is None:
                continue
            customer = event.customer_id
            profile = profiles.get(customer)
            if profile is None:
                profile = profiles[customer] = Profile()
            if not fold(profile, event, {}):
                continue  # a repeat
            changed[customer] = profile
            row = Row(event.id, customer, event.channel, event.name, event.at_ms, msgspec.Raw(raw))
            rows.append((message.key(), write(row)))
        if changed:
            client.mset({PROFILE + c.encode(): encode_profile(p) for c, p in changed.items()})
        for key, value in rows:
            producer.produce(ENRICHED, value, key)
        producer.poll(0)
        taken += len(rows)
    producer.flush()
    consumer.close()
    return taken


def main() -> None:
    # As the flow does, or the collector's walks would be a part of the comparison.
    gc.collect()
    gc.freeze()
    gc.disable()
    began, used = time.monotonic(), time.process_time()
    taken = loop(read_settings())
    through(events=taken, seconds=time.monotonic() - began, cpu_s=time.process_time() - used)


if __name__ == "__main__":
    main()
