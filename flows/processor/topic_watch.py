"""Whether the topics are still the ones that they were at start, asked of the broker every now and
then.

A consumer of a topic that was deleted and made anew sits silent for ever, so it has to be asked.
"""

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaException

from connectors.kafka.errors import words
from connectors.kafka.topics import ENRICHED, admin_client, answered, ask_topics
from flows.processor.processor import Processor
from state.store.shard_store import Refused

EVERY_S = 5.0
AWAY_EVERY_S = 1.0
"""While Kafka is away, so that its return is seen soon."""
BACKOFF = "reconnect.backoff.ms"
RECONNECT = {"reconnect.backoff.max.ms": "1000"}
"""For the same end. Only where the settings say nothing of BACKOFF: the two must go together."""


class TopicWatch:
    """Waits for nothing: an answer is looked at by a later call. One connection for all of them."""

    def __init__(self, processor: Processor, now_s: float) -> None:
        self._processor = processor
        config = processor.settings.kafka_config
        self.admin = admin_client(config if BACKOFF in config else {**RECONNECT, **config})
        """For others that ask now and then, too."""
        self._asked_s = now_s
        self._asked: dict[str, Future[Any]] = {}

    def look(self, now_s: float) -> None:
        """Raises Refused when a topic is not the one it was at start."""
        # It keeps what it says of its connections until it is polled: twenty times a second while
        # Kafka is away.
        self.admin.poll(0)
        if self._asked:
            # As soon as it is there: an old one says nothing of whether Kafka answers now.
            if all(answer.done() for answer in self._asked.values()):
                answers, self._asked = self._asked, {}
                compare(self._processor, answers)
            return
        every_s = EVERY_S if self._processor.outage.why is None else AWAY_EVERY_S
        if now_s - self._asked_s >= every_s:
            self._asked_s = now_s
            self._asked = ask_topics(self.admin, self._processor.topic_ids)


def compare(processor: Processor, answers: Mapping[str, Future[Any]]) -> None:
    """What came of each topic, with what was known of it. Raises Refused when it is another."""
    try:
        found = {name: answered(name, answer) for name, answer in answers.items()}
    except KafkaException as silent:
        processor.outage.begin(words(silent))
        return
    processor.outage.end()
    for topic, known_id in processor.topic_ids.items():
        now = found.get(topic)
        if now is None or now.id != known_id:
            needed = topic in (*processor.inputs, ENRICHED)
            accept = f"restore it, or go on: `touchline topics accept-recreated {topic}`"
            raise Refused(
                f"topic {topic} was deleted or made anew: expected id {known_id}, got "
                f"{now.id if now else 'no topic'}; {accept if needed else 'start again'}"
            )
