"""What nobody can be faster than, at the same time on the same machine: a bare producer's records
acknowledged by all in-sync replicas, and how late the machine wakes a process up.

`python -m benchmarks.floor BOOTSTRAP_SERVERS` says when it is ready, writes to a topic of its own
until SIGTERM, and then prints what came of it: one JSON object, milliseconds.
"""

import signal
import sys
import time

import orjson
from confluent_kafka import Producer
from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]  # its module lists it not

from benchmarks.results import spread
from connectors.kafka.topics import admin_client

TOPIC = "benchmarks.floor"
PARTITIONS = 16
EVERY_S = 0.02
RECORD = b"x" * 1_000
"""About as large as what is decided for somebody who asked."""
ACK_S = 5.0


class Told(Exception):
    """To stop."""


def acknowledged_ms(producer: Producer, number: int) -> float:
    """How long one record takes. Raises RuntimeError when it is not written within ACK_S."""
    came: list[object] = []
    began = time.perf_counter()
    producer.produce(
        TOPIC, RECORD, partition=number % PARTITIONS, callback=lambda e, _: came.append(e)
    )
    while not came and time.perf_counter() - began < ACK_S:
        producer.poll(ACK_S)
    if came != [None]:
        raise RuntimeError(f"a bare record was not acknowledged within {ACK_S:.0f} s: {came}")
    return (time.perf_counter() - began) * 1000


def main() -> None:
    """Until SIGTERM."""
    config = {"bootstrap.servers": sys.argv[1]}
    admin = admin_client(config)
    admin.create_topics([NewTopic(TOPIC, PARTITIONS)])[TOPIC].result()
    producer = Producer({**config, "linger.ms": 0, "acks": "all", "socket.nagle.disable": True})
    acknowledged_ms(producer, 0)  # connects

    def stop(*_: object) -> None:
        raise Told

    acks: list[float] = []
    late: list[float] = []
    signal.signal(signal.SIGTERM, stop)
    sys.stdout.write('{"flow": "floor"}\n')
    sys.stdout.flush()
    due = time.perf_counter()
    try:
        while True:
            due = max(due + EVERY_S, time.perf_counter())
            time.sleep(max(due - time.perf_counter(), 0))
            late.append((time.perf_counter() - due) * 1000)
            acks.append(acknowledged_ms(producer, len(acks)))
    except Told:
        pass
    found = {"ack": _in_short(acks), "wake_up": _in_short(late)}
    sys.stdout.buffer.write(orjson.dumps(found) + b"\n")


def _in_short(ms: list[float]) -> dict[str, float]:
    found = spread(ms)
    return {"count": found.count, "p50": found.p50, "p99": found.p99, "most": found.most}


if __name__ == "__main__":
    main()
