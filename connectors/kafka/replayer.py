"""Writes events again, in transactions that also say so: each is written once, however often asked.

Guaranteed: the events of a batch and the marks that they were written are there together or not
at all, for whoever reads committed records; of two that replay at once the later goes on alone.
After a crash nothing of an unfinished batch is read by anybody, and the marks say what is left.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its module does not list them
    ConfigResource,
    ResourceType,
)
from msgspec import Struct

from connectors.kafka.errors import QUIET
from connectors.kafka.in_turn import IN_TURN
from connectors.kafka.to_end import ToEnd
from connectors.kafka.topics import ANSWER_S, REPLAYED, FoundTopic, admin_client

TRANSACTIONAL_ID = "touchline-dlq-replay"
TRANSACTION_MS = 10_000
"""Until a broker ends the batch of a replay that was killed: so long readers of what lies behind it
in the same partitions wait, unless another replay begins."""
BEGIN_S = 30.0
EMBEDDED_CLUSTER = "tansu_cluster"
"""The broker of `touchline up`, whose transactions hide nothing: not what was aborted either."""

Header = tuple[str, str | bytes | None]
"""As the client types them; ours are bytes."""

_FENCED = (*(KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED),)


class ReplayFenced(Exception):
    """Another replay has begun since; nothing of the batch at hand was written."""


class Again(Struct, frozen=True):
    """An event to be written again."""

    topic: str
    value: bytes
    key: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    mark: bytes
    """Key of the record that says it was."""


def transactions_hold(config: Mapping[str, Any]) -> bool:
    """Whether the broker hides what was aborted. Raises KafkaException when none answers."""
    found = admin_client(config).list_topics(timeout=ANSWER_S)
    return str(found.cluster_id) != EMBEDDED_CLUSTER


def kept_for_good(config: Mapping[str, Any], topic: str) -> bool:
    """Whether the broker keeps the last record of each key of this topic, however old it is.

    Raises KafkaException when no broker answers, or there is no such topic.
    """
    admin = admin_client(config)
    asked = admin.describe_configs(
        [ConfigResource(ResourceType.TOPIC, topic)], request_timeout=ANSWER_S
    )
    (answer,) = asked.values()
    policy = answer.result().get("cleanup.policy")
    return policy is not None and policy.value == "compact"


def marks(config: Mapping[str, Any], topic: FoundTopic) -> set[bytes]:
    """What has been written again, as far as it is committed. Raises Unread and KafkaException."""
    starts = {(topic.name, number): 0 for number in range(topic.partitions)}
    found: set[bytes] = set()
    for batch in ToEnd(config, starts).batches():
        found.update(key for message in batch if (key := message.key()) is not None)
    return found


class Replayer:
    """The only one at work, from `begin` until another one begins. Not thread-safe."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._producer = Producer(
            {
                "client.id": "touchline-dlq",
                "partitioner": "murmur2_random",
                **QUIET,
                **config,
                "transactional.id": TRANSACTIONAL_ID,
                "transaction.timeout.ms": TRANSACTION_MS,
                "message.timeout.ms": TRANSACTION_MS,
                **IN_TURN,
                "linger.ms": 5,
                "error_cb": lambda _: None,
            }
        )
        self._open = False

    def begin(self) -> None:
        """End whatever another one had under way; read `marks` only afterwards.

        Raises KafkaException.
        """
        self._producer.init_transactions(BEGIN_S)

    def write(self, batch: Iterable[Again]) -> None:
        """All of `batch`, and that it was written. Raises ReplayFenced and KafkaException."""
        try:
            self._producer.begin_transaction()
            self._open = True
            for each in batch:
                self._produce(each.topic, each.value, each.key, [*each.headers])
                self._produce(REPLAYED, b"1", each.mark, [])
            self._commit()
            self._open = False
        except KafkaException as failure:
            if self._reason(failure) in _FENCED:
                self._open = False  # it is not ours to abort
                raise ReplayFenced from None
            raise

    def close(self) -> None:
        """Give up a batch that is not finished; the broker does it otherwise, a little later."""
        if self._open:
            self._open = False
            try:
                self._producer.abort_transaction(TRANSACTION_MS / 1000)
            except KafkaException:
                return

    def _produce(self, topic: str, value: bytes, key: bytes | None, headers: list[Header]) -> None:
        while True:
            try:
                return self._producer.produce(topic, value, key, headers=headers)
            except BufferError:  # librdkafka's queue is full: let it work
                self._producer.poll(0.1)

    def _commit(self) -> None:
        # librdkafka 2.16.1 frees an error twice, and the process dies, when brokers refuse several
        # partitions of a fenced producer while it commits. In a flush nothing waits for that error.
        self._producer.flush(TRANSACTION_MS / 1000)
        while True:
            try:
                return self._producer.commit_transaction(TRANSACTION_MS / 1000)
            except KafkaException as failure:
                if not failure.args[0].retriable():
                    raise

    def _reason(self, failure: KafkaException) -> int:
        """What is wrong: a producer that is past use says only so when it is given more.

        Why comes as an event a moment later, and is raised where events are served.
        """
        code: int = failure.args[0].code()
        if code == KafkaError._FATAL:
            try:
                self._producer.flush(TRANSACTION_MS / 1000)
            except KafkaException as told:
                code = told.args[0].code()
        return code
