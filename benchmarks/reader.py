"""A website, as a child process: reads each customer's offers as soon as they are there.

`python -m benchmarks.reader` prints `{}` when it listens. When told to stop (SIGTERM) it prints one
JSON line for each read: [when it was read, serving key, document], the time as CLOCK_MONOTONIC
nanoseconds, which all processes of a machine share.
"""

import signal
import sys
import threading
import time

import orjson
import redis

from flows.settings import read_settings
from state.store.keys import offers_key

PREFIX = "__keyspace@0__:"


def main() -> None:
    """Told of a key by Redis, it reads the key, and only then is the offer there."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    url = read_settings().redis_url
    client, listener = redis.Redis.from_url(url), redis.Redis.from_url(url).pubsub()
    client.config_set("notify-keyspace-events", "K$")
    listener.psubscribe(PREFIX + offers_key("*").decode())
    while (told := listener.get_message(timeout=1)) is None or told["type"] != "psubscribe":
        pass
    print("{}", flush=True)
    reads: list[tuple[int, bytes, bytes]] = []
    while not stop.is_set():
        told = listener.get_message(timeout=0.2)
        if told is None or told["type"] != "pmessage":
            continue
        key = told["channel"][len(PREFIX) :]
        document = client.get(key)
        if isinstance(document, bytes):
            reads.append((time.monotonic_ns(), key, document))
    sys.stdout.buffer.writelines(
        orjson.dumps([at, key.decode(), document.decode()]) + b"\n" for at, key, document in reads
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
