"""Kafka, followed: the topics found, however long that takes, then what comes, until told to stop.

Guaranteed: records of a partition come in offset order from the beginning that was asked for, none
left out while it runs. Nothing is remembered from one run to the next.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing

from confluent_kafka import OFFSET_END, KafkaException

from connectors.kafka.edges import offsets_since
from connectors.kafka.errors import words
from connectors.kafka.murmur2 import partition_of
from connectors.kafka.reader import Place, Record, TopicReader
from connectors.kafka.topics import FoundTopic, admin_client, answered, ask_topics
from flows.commands.kafka_trouble import ABSENT

AT_ONCE = 500
WAIT_S = 0.1
"""How long a batch is collected: a line comes so late at most."""
LOOK_S = 0.05
AGAIN_S = 1.0
PATIENCE_S = 2.0
"""A broker that has not answered for so long is told of; the client itself gives up later."""


Over = Callable[[], bool]
Say = Callable[[str], object]


def follow(
    config: Mapping[str, str],
    names: Sequence[str],
    since_ms: int | None,
    customer: str | None,
    over: Over,
    say: Say,
) -> Iterator[Sequence[Record]]:
    """Batches, empty ones included, until `over`.

    `since_ms`: records of this moment and later; 0 = all, None = what is written from now on. Of a
    `customer` only their partition is read. `say` is told what is waited for, once. Raises
    LogTruncated, TopicReplaced, and KafkaException for an error that does not pass.
    """
    waiting = _Waiting(say)
    while not over():
        topics = _find(config, names, over, waiting)
        if topics is None:
            return
        partitions = {
            name: range(topic.partitions)
            if customer is None
            else [partition_of(customer, topic.partitions)]
            for name, topic in topics.items()
        }
        places = [Place(name, number) for name in topics for number in partitions[name]]
        try:
            starts = _starts(config, places, since_ms)
        except KafkaException as silent:
            waiting.begin(words(silent))
            _pause(over)
            continue
        waiting.end()
        with closing(TopicReader(config, topics, starts, places)) as reader:
            while not over():
                yield reader.read(AT_ONCE, WAIT_S)


class _Waiting:
    """Says once that something is waited for, and once that it is there."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._told = ""

    def begin(self, why: str, for_what: str = "an answer") -> None:
        if self._told != for_what:  # the same trouble may be told in other words each time
            self._told = for_what
            self._say(f"Kafka: {why}; waiting for {for_what}")

    def end(self) -> None:
        if self._told:
            self._say("Kafka: going on")
        self._told = ""


def _find(
    config: Mapping[str, str], names: Sequence[str], over: Over, waiting: _Waiting
) -> dict[str, FoundTopic] | None:
    """The topics as soon as all are there; None when it is over before."""
    admin = admin_client(config)
    silence = f"no broker answers at {config['bootstrap.servers']}"
    while not over():
        asked = ask_topics(admin, names)
        told_s = time.monotonic() + PATIENCE_S
        while not all(answer.done() for answer in asked.values()):
            if over():
                return None
            if time.monotonic() >= told_s:
                waiting.begin(silence)
            time.sleep(LOOK_S)
        try:
            found = {name: answered(name, answer) for name, answer in asked.items()}
        except KafkaException as silent:
            waiting.begin(silence if silent.args[0].code() in ABSENT else words(silent))
        else:
            there = {name: topic for name, topic in found.items() if topic is not None}
            missing = [name for name in names if name not in there]
            if not missing:
                return there
            waiting.begin(
                f"no topic {', '.join(missing)} at {config['bootstrap.servers']}",
                "somebody to make it (touchline topics create)",
            )
        _pause(over)
    return None


def _pause(over: Over) -> None:
    again_s = time.monotonic() + AGAIN_S
    while not over() and time.monotonic() < again_s:
        time.sleep(LOOK_S)


def _starts(
    config: Mapping[str, str], places: Sequence[Place], since_ms: int | None
) -> dict[Place, int]:
    """Place → first offset, as TopicReader takes it. Raises KafkaException."""
    if since_ms is None:
        return dict.fromkeys(places, OFFSET_END)
    if not since_ms:
        return {}
    found = offsets_since(config, places, since_ms)
    return {Place(*place): offset for place, offset in found.items()}
