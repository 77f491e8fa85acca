"""The input: simulated events that have happened up to now, written to the topics beforehand."""

import itertools
import random
import time
from collections.abc import Iterable, Iterator

from benchmarks.progress import Progress
from benchmarks.rig import CUSTOMERS, Rig
from connectors.kafka.topics import channel_topic
from flows.settings import Settings
from flows.simulate.flaws import broken
from flows.simulate.stream import CLEAN_KIND, FLAT_OUT_RATE, stream

Record = tuple[str, bytes, str]
"""Topic, value, key."""

TAKEN_S = 60.0
"""How long the broker may take for the last of them."""


def simulated(events: int, bad: float = 0.0) -> Iterator[Record]:
    """`events` of them, the share `bad` of those that are clean broken in one of many ways."""
    start_ms = time.time_ns() // 1_000_000 - events * 1000 // FLAT_OUT_RATE - 60_000
    dice = random.Random(1)
    topics = {channel: channel_topic(channel) for channel in Settings().channels}
    emissions = itertools.islice(stream(1, CUSTOMERS, start_ms, 0), events)
    for number, event in enumerate(emissions, start=1):
        value = event.value
        if bad and event.kind == CLEAN_KIND and dice.random() < bad:
            value = broken(dice, value, f"bad-{number}")
        yield topics[event.channel], value, event.key


def fill(rig: Rig, records: Iterable[Record], tell: Progress, what: str) -> None:
    """Write `records`, in order; returns when the broker has them all.

    Raises RuntimeError when it has not within a minute of the last.
    """
    tell.say(f"{what}: writing events to the topics")
    producer = rig.producer(**{"linger.ms": 20, "queue.buffering.max.messages": 1_000_000})
    for number, (topic, value, key) in enumerate(records, start=1):
        while True:
            try:
                producer.produce(topic, value, key)
                break
            except BufferError:  # the client's queue is full: let it send
                producer.poll(0.1)
        if number % 10_000 == 0:
            producer.poll(0)
        if number % 100_000 == 0:
            tell.say(f"{what}: {number:,} events written to the topics")
    if left := producer.flush(TAKEN_S):
        raise RuntimeError(f"{left} events were not taken by the broker within {TAKEN_S:.0f} s")
