"""What the broker alone takes, as a child process: consume, produce again, acknowledged; no more.

It uses the flow's own consumer and producer. `python -m benchmarks.relay` prints `{}` when it
reads. When told to stop (SIGTERM) it prints one JSON line for each record: [when it was
acknowledged, its number], the time as CLOCK_MONOTONIC nanoseconds.
"""

import logging
import signal
import sys
import threading
import time

import orjson

from connectors.kafka.errors import Outage
from connectors.kafka.publisher import Publisher
from connectors.kafka.shard_consumer import ShardConsumer
from connectors.kafka.topics import channel_topic
from flows.settings import read_settings

NUMBER = "number"
"""The header that says which record of the run it is."""


def main() -> None:
    """Every record goes to the enriched topic as it came; nothing is committed."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    settings = read_settings()
    topics = [channel_topic(channel) for channel in settings.channels]
    outage = Outage(logging.getLogger("relay"))
    consumer = ShardConsumer(settings.kafka_config, topics, outage)
    publisher = Publisher(settings.kafka_config, outage)
    for shard in range(settings.partitions):
        consumer.start(shard, dict.fromkeys(topics, 0))
    print("{}", flush=True)
    acknowledged: list[tuple[int, int]] = []
    while not stop.is_set():
        records = consumer.fetch(settings.flush_events, 0.05)
        for record in records:
            publisher.enriched(record.partition(), [("", record.value() or b"")])
        while not publisher.settle(0.25):
            pass
        now = time.monotonic_ns()
        acknowledged += [(now, int(dict(r.headers() or ())[NUMBER] or 0)) for r in records]
    consumer.close()
    sys.stdout.buffer.writelines(orjson.dumps(pair) + b"\n" for pair in acknowledged)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
