"""The open loop: each event is sent at its time, whatever became of the ones before."""

import gc
import itertools
import time

import orjson
from msgspec import Struct

from benchmarks.relay import NUMBER
from benchmarks.rig import CUSTOMERS, Rig
from connectors.kafka.topics import channel_topic
from flows.settings import Settings
from flows.simulate.stream import BROKEN_KIND, DUPLICATE_KIND, Emission, stream

LEAD_NS = 200_000_000
"""From when all events are made until the first one is due."""


Headers = list[tuple[str, str | bytes | None]]


class Sent(Struct, frozen=True):
    """What went out."""

    emissions: list[Emission]
    due_ns: list[int]
    """When each was to be sent, CLOCK_MONOTONIC."""
    late_ms: list[float]
    """How much later each was handed to the Kafka client."""
    behind_s: float
    """From when the last was due until the broker had them all."""


def send(rig: Rig, seed: int, rate: float, seconds: float) -> Sent:
    """`rate` simulated events a second for `seconds`; returns when the broker has them all.

    Raises RuntimeError when it has not within a minute of the last.
    """
    events = stream(seed, CUSTOMERS, time.time_ns() // 1_000_000, rate)
    emissions = list(itertools.islice(events, int(rate * seconds)))
    topics = {channel: channel_topic(channel) for channel in Settings().channels}
    # A website has nothing to wait for, so nothing lingers.
    producer = rig.producer(**{"linger.ms": 0})
    first_ns, step_ns = time.monotonic_ns() + LEAD_NS, 1e9 / rate
    due = [first_ns + int(number * step_ns) for number in range(len(emissions))]
    late_ms: list[float] = []
    gc.disable()
    try:
        for number, (event, due_ns) in enumerate(zip(emissions, due, strict=True)):
            while (wait_ns := due_ns - time.monotonic_ns()) > 0:
                producer.poll(0)
                time.sleep(wait_ns / 1e9)
            late_ms.append(-wait_ns / 1e6)
            headers: Headers = [(NUMBER, str(number))]
            producer.produce(topics[event.channel], event.value, event.key, headers=headers)
    finally:
        gc.enable()
    if left := producer.flush(60):
        raise RuntimeError(f"{left} events were not taken by the broker within 60 s")
    return Sent(emissions, due, late_ms, (time.monotonic_ns() - due[-1]) / 1e9)


def causes(sent: Sent, from_number: int) -> dict[str, list[tuple[str, int]]]:
    """Customer → (message id, when it was due) of each of their events that can lead to offers."""
    found: dict[str, list[tuple[str, int]]] = {}
    for number in range(from_number, len(sent.emissions)):
        event = sent.emissions[number]
        if event.kind not in (BROKEN_KIND, DUPLICATE_KIND):
            message_id = orjson.loads(event.value)["messageId"]
            found.setdefault(event.key, []).append((message_id, sent.due_ns[number]))
    return found
