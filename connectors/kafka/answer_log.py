"""What was decided for somebody who asked, written to `touchpoints.decided`.

Guaranteed: what is told to be written has been acknowledged by all in-sync replicas. What is told
not to be may lie there all the same, or come to, once or twice: who reads it takes a request once.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from connectors.kafka.errors import QUIET, Outage, words
from connectors.kafka.topics import ANSWER_S, DECIDED

WAIT_MS: Final = 1_000
"""How long a record may wait for its acknowledgement. librdkafka looks once a second."""
POLL_S: Final = 0.1
"""How late its thread notices the end."""

Told = Callable[[str | None], object]
"""Is told why a record is not written, or None: it is. On a thread of its own."""


class AnswerLog:
    """A producer, and the thread that hears what became of its records."""

    def __init__(self, config: Mapping[str, str], outage: Outage) -> None:
        self._outage = outage
        self._producer = Producer(
            {
                "client.id": "touchline-decide",
                "compression.type": "none",
                **QUIET,
                **config,
                # Somebody waits for each: nothing is held back to travel with others.
                "linger.ms": 0,
                "socket.nagle.disable": True,
                "acks": "all",
                "message.timeout.ms": WAIT_MS,
                # A repeat is known by its request, so none needs to be ruled out here.
                "enable.idempotence": False,
                "error_cb": outage.note,
            }
        )
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="answers", daemon=True)
        self._thread.start()

    def partitions(self) -> int:
        """How many the topic has: to know them before the first record, which need not wait then.

        Raises KafkaException when no broker answers.
        """
        found = self._producer.list_topics(topic=DECIDED, timeout=ANSWER_S)
        return len(found.topics[DECIDED].partitions)

    def write(self, partition: int, customer_id: str, record: bytes, told: Told) -> None:
        """Send a record; `told` is told what became of it, once."""

        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is None:
                self._outage.end()
            told(None if error is None else error.str())

        try:
            self._producer.produce(DECIDED, record, customer_id, partition, delivered)
        except (BufferError, KafkaException) as full:
            told(words(full))

    def close(self) -> None:
        """Wait for what is under way, not longer than it may take, and end."""
        self._producer.flush(2 * WAIT_MS / 1000)
        self._ended.set()
        self._thread.join()

    def _listen(self) -> None:
        while not self._ended.is_set():
            self._producer.poll(POLL_S)
