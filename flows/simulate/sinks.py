"""Where the events go: a Kafka cluster, or a file of JSON lines."""

import base64
import time
from collections.abc import Callable, Mapping
from typing import BinaryIO, Protocol

import orjson
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from connectors.kafka.errors import QUIET, words
from connectors.kafka.in_turn import IN_TURN
from connectors.kafka.topics import channel_topic

Say = Callable[[str], None]
Stopped = Callable[[], bool]

LOOK_S = 1.0
"""How long one look for the brokers takes at most: a signal waits for it."""
MOST_BACKOFF_S = 10.0
FLUSH_S = 0.1
"""A slice of the wait for acknowledgements."""
STOPPED_S = 1.5
"""All that is waited for them once a signal has come."""


class KafkaAbsentError(Exception):
    """No broker, or not its topics; the text says the address."""


class Sink(Protocol):
    """Takes records."""

    def send(self, channel: str, key: str, value: bytes, until_s: float) -> None:
        """Take one record; while there is no room, wait, at most until `until_s` (monotonic)."""

    def serve(self) -> None:
        """Called now and then, for what has to be done in between."""

    def close(self, patience_s: float) -> None:
        """Deliver what was taken; give up when nothing has moved for `patience_s` seconds."""

    def failed(self) -> int:
        """Of the records taken, how many were not delivered; known after `close`."""


class KafkaSink:
    """An idempotent producer that puts each customer where Java's clients would.

    Guaranteed: after `close`, every record taken is acknowledged by all in-sync replicas, or
    counted in `failed`. After a crash the records in the queue (at most 50,000) are gone.
    """

    def __init__(
        self, config: Mapping[str, str], say: Say, stopped: Stopped, *, flat_out: bool
    ) -> None:
        self._address = config["bootstrap.servers"]
        self._say = say
        self._stopped = stopped
        self._failed = 0
        self._down = True
        """Of what happens before `connect` is done, that tells."""
        self._told = False
        self._producer = Producer(
            {
                "client.id": "touchline-simulate",
                **QUIET,
                "linger.ms": 100 if flat_out else 5,
                **config,
                "partitioner": "murmur2_random",
                **IN_TURN,
                "queue.buffering.max.messages": 50_000,
                "delivery.report.only.error": True,
                "error_cb": self._error,
            }
        )

    def connect(self, channels: tuple[str, ...], wait_s: float | None) -> bool:
        """Wait for brokers that have the channels' topics; False when stopped while waiting.

        Raises KafkaAbsentError after `wait_s` seconds (None: never), and one look at the least.
        """
        backoff_s = 0.5
        until_s = float("inf") if wait_s is None else time.monotonic() + wait_s
        while not self._stopped():
            trouble = self._trouble(channels)
            if not trouble:
                self._producer.poll(0)  # what librdkafka had to say before is said
                self._down = False
                return True
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                raise KafkaAbsentError(trouble)
            pause_s = min(backoff_s, left_s)
            self._say(f"{trouble}; trying again in {pause_s:.1f} s")
            again_s = time.monotonic() + pause_s
            while time.monotonic() < again_s and not self._stopped():
                time.sleep(0.05)
            backoff_s = min(2 * backoff_s, MOST_BACKOFF_S)
        return False

    def _trouble(self, channels: tuple[str, ...]) -> str:
        try:
            found = self._producer.list_topics(timeout=LOOK_S).topics
        except KafkaException:
            return f"Kafka at {self._address} does not answer"
        missing = [channel_topic(name) for name in channels if channel_topic(name) not in found]
        return f"Kafka at {self._address} has no topic {', '.join(missing)}" if missing else ""

    def send(self, channel: str, key: str, value: bytes, until_s: float) -> None:
        """Take one record; while the queue is full, wait for the brokers or the end."""
        while True:
            try:
                self._producer.produce(channel_topic(channel), value, key, on_delivery=self._lost)
            except BufferError:
                self._producer.poll(0.05)
                if self._stopped() or time.monotonic() >= until_s:
                    self._failed += 1
                    return
            except KafkaException as refused:  # too large, by the producer's own options
                self._tell(f"{channel_topic(channel)}: an event was refused: {words(refused)}")
                self._failed += 1
                return
            else:
                return

    def serve(self) -> None:
        """Hear what librdkafka has to say."""
        self._producer.poll(0)
        if self._down and len(self._producer) == 0:
            self._down = False
            self._say(f"Kafka at {self._address} is back")

    def close(self, patience_s: float) -> None:
        """Wait for every acknowledgement, until none has come for `patience_s` seconds; 1.5 s at
        most once stopped."""
        queued, silent_s, stopped_s = len(self._producer), 0.0, 0.0
        while left := self._producer.flush(FLUSH_S):
            silent_s = silent_s + FLUSH_S if left == queued else 0.0
            stopped_s += FLUSH_S if self._stopped() else 0.0
            if silent_s >= patience_s or stopped_s >= STOPPED_S:
                self._tell(f"Kafka at {self._address} did not take what was queued in time")
                self._producer.purge()
                left = self._producer.flush(1)  # counts the purged ones, see `_lost`
                self._failed += left
                break
            queued = left

    def failed(self) -> int:
        """Records given up."""
        return self._failed

    def _lost(self, error: KafkaError | None, message: Message) -> None:
        # Only failures are reported, see `delivery.report.only.error`.
        assert error is not None
        self._tell(f"{message.topic()}: an event was not delivered: {error.str()}")
        self._failed += 1

    def _tell(self, loss: str) -> None:
        """The first loss; how many there were is for the summary to say."""
        if not self._told:
            self._told = True
            self._say(loss)

    def _error(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN and not self._down:
            self._down = True
            self._say(f"Kafka at {self._address} is gone; events wait for it")


class LinesSink:
    """A JSON line a record: `topic`, `key` and `value`, or `value_base64` where that is no text.

    Guaranteed: after `close`, every record taken is in the file, unless `close` or `send` raised.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def send(self, channel: str, key: str, value: bytes, until_s: float) -> None:
        """Write one line. Raises OSError."""
        line: dict[str, str] = {"topic": channel_topic(channel), "key": key}
        try:
            line["value"] = value.decode()
        except UnicodeDecodeError:
            line["value_base64"] = base64.b64encode(value).decode()
        self._file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def serve(self) -> None:
        """Let a reader of the file see it. Raises OSError."""
        self._file.flush()

    def close(self, patience_s: float) -> None:
        """Write what is buffered; the file stays open. Raises OSError."""
        self._file.flush()

    def failed(self) -> int:
        """None: a failure is an OSError."""
        return 0
