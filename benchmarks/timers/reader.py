"""Whoever waits for actions, as a child process: notes when those come that time brings about.

`python -m benchmarks.timers.reader` prints `{}` when it reads. When told to stop (SIGTERM) it
prints one JSON line for each customer who left SEGMENT: [when that was read, when it was decided],
both ms since the epoch.
"""

import signal
import sys
import threading
import time

import orjson
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from connectors.kafka.topics import ACTIONS
from connectors.published.record_types import read_action
from decisions.segments import EXITED
from flows.settings import read_settings

SEGMENT = "just_looked"


def main() -> None:
    """Decodes at the end, so as to be ready for the next record."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    settings = read_settings()
    consumer = Consumer({**settings.kafka_config, "group.id": "benchmark", "fetch.wait.max.ms": 10})
    consumer.assign(
        [TopicPartition(ACTIONS, shard, OFFSET_BEGINNING) for shard in range(settings.partitions)]
    )
    print("{}", flush=True)
    read: list[tuple[float, bytes]] = []
    while not stop.is_set():
        record = consumer.poll(0.1)
        if record is not None and record.error() is None and (value := record.value()):
            read.append((time.time() * 1000, value))
    consumer.close()
    for at_ms, value in read:
        action = read_action(value)
        if action.kind == EXITED and action.body["segment"] == SEGMENT:
            sys.stdout.buffer.write(
                orjson.dumps([at_ms, action.decided_at.timestamp() * 1000]) + b"\n"
            )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
