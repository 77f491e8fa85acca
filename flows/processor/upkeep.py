"""What is done now and then: published actions trimmed, gauges, offsets for tools, topic ids."""

import gc
import logging
import threading
import time
from queue import SimpleQueue

from confluent_kafka import KafkaException

from connectors.kafka.errors import words
from connectors.kafka.topics import ENRICHED, topic_ids
from flows.processor.processor import Processor
from flows.processor.shard import Hold, Shard
from flows.processor.standing import book_standing
from state.store.shard_store import Refused, Unsettled
from state.store.wire import WireLost

log = logging.getLogger("touchline.touchpoints")

STANDING_EVERY_S = 1.0
OFFSETS_EVERY_S = 5.0
TOPICS_EVERY_S = 5.0
AWAY_EVERY_S = 1.0
"""While Kafka is away, so that its return is seen soon."""
GARBAGE_EVERY_S = 60.0


class Upkeep:
    """Called by the intake between flushes."""

    def __init__(self, processor: Processor) -> None:
        self._processor = processor
        self._tasks = (
            (self._standing, STANDING_EVERY_S),
            (self._offsets, OFFSETS_EVERY_S),
            (self._garbage, GARBAGE_EVERY_S),
        )
        self._done_s = dict.fromkeys((task for task, _ in self._tasks), time.monotonic())
        self._asking: threading.Thread | None = None
        self._asked_s = time.monotonic()
        self._answers: SimpleQueue[Answer] = SimpleQueue()

    def run(self, idle: bool) -> None:
        """Raises Refused when a topic is not the one it was at start."""
        now_s = time.monotonic()
        if idle:
            trim_published(self._processor)
        for task, every_s in self._tasks:
            if now_s - self._done_s[task] >= every_s:
                self._done_s[task] = now_s
                task()
        self._topics(now_s)

    def _standing(self) -> None:
        processor = self._processor
        processor.kafka.look()
        processor.redis.look()
        book_standing(processor, time.time_ns() // 1_000_000)

    def _offsets(self) -> None:
        commit_offsets(self._processor)

    def _topics(self, now_s: float) -> None:
        """A running consumer of a topic that was made anew sits silent: so ask for its id."""
        processor = self._processor
        # As soon as it is there: an old one says nothing of whether Kafka answers now.
        while not self._answers.empty():
            _same_topics(processor, self._answers.get())
        pause_s = TOPICS_EVERY_S if processor.outage.why is None else AWAY_EVERY_S
        if now_s - self._asked_s < pause_s:
            return
        if self._asking is None or not self._asking.is_alive():
            self._asked_s = now_s
            config, names = processor.settings.kafka_config, list(processor.topic_ids)
            # A daemon, since a broker that is away holds it up for longer than a stop may take.
            self._asking = threading.Thread(
                target=_ask, args=(config, names, self._answers), name="topic-ids", daemon=True
            )
            self._asking.start()

    def _garbage(self) -> None:
        """The collector is off (see `start`); what survives is not looked at again."""
        gc.collect(0)


Answer = dict[str, str] | KafkaException


def _ask(config: dict[str, str], names: list[str], answers: "SimpleQueue[Answer]") -> None:
    try:
        answers.put(topic_ids(config, names))
    except KafkaException as error:
        answers.put(error)


def _same_topics(processor: Processor, answer: Answer) -> None:
    if isinstance(answer, KafkaException):
        processor.outage.begin(words(answer))
        return
    processor.outage.end()
    for topic, known_id in processor.topic_ids.items():
        if answer.get(topic) != known_id:
            needed = topic in (*processor.inputs, ENRICHED)
            accept = f"restore it, or go on: `touchline topics accept-recreated {topic}`"
            advice = accept if needed else "start again"
            raise Refused(
                f"topic {topic} was deleted or made anew: expected id {known_id}, got "
                f"{answer.get(topic, 'no topic')}; {advice}"
            )


def trim_published(processor: Processor) -> None:
    """Drop what is published from the outboxes, without a new commit. Raises NotDelivered."""
    if any(shard.published for shard in processor.shards) and processor.publisher.settled():
        processor.settle()
    for shard in processor.shards:
        if shard.trim and shard.hold is Hold.OWNED:
            _trim(processor, shard)


def _trim(processor: Processor, shard: Shard) -> None:
    try:
        shard.store.trim(shard.trim)
        shard.trim = 0
    except (WireLost, Unsettled) as doubt:
        processor.lose(shard, doubt, "trim")


def commit_offsets(processor: Processor) -> None:
    """Tell lag tools how far each shard is."""
    processor.consumer.commit(
        (
            (topic, shard.index, position.next_offset)
            for shard in processor.shards
            if shard.hold is Hold.OWNED
            for topic, position in shard.fence.positions.items()
            if topic in processor.inputs
        )
    )
