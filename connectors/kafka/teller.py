"""Tells all shards: writes to the broadcast topic.

Guaranteed: what `tell` was given before a `settle` that returned True is acknowledged by all
in-sync replicas, in order per partition. After a crash, or after False, it may or may not be there:
whoever tells says all of it again, and shards pass over what they have been told.
"""

from collections.abc import Mapping

from confluent_kafka import KafkaException, Producer

from connectors.kafka.broadcast import Told, encode_told
from connectors.kafka.errors import QUIET
from connectors.kafka.topics import BROADCAST

PATIENCE_S = 5.0


class Teller:
    """One thread's."""

    def __init__(self, config: Mapping[str, str]) -> None:
        self._failed = False
        self._producer = Producer(
            {
                "client.id": "touchline-broadcast",
                "linger.ms": 5,
                **QUIET,
                **config,
                "acks": "all",
                "enable.idempotence": True,
                "message.timeout.ms": int(PATIENCE_S * 1000),
                "error_cb": lambda _: None,
                "on_delivery": self._note,
                "delivery.report.only.error": True,
            }
        )

    def tell(self, shard: int, told: Told) -> None:
        """Hand over one record for a shard."""
        try:
            self._producer.produce(BROADCAST, encode_told(told), partition=shard)
        except (BufferError, KafkaException):
            self._failed = True

    def settle(self) -> bool:
        """Whether all that was told is there."""
        left = self._producer.flush(PATIENCE_S)
        failed, self._failed = self._failed or left > 0, False
        if left:
            self._producer.purge()
            self._producer.flush(0)
        return not failed

    def close(self) -> None:
        """Give up what is under way."""
        self._producer.purge()
        self._producer.flush(0)

    def _note(self, error: object, _message: object) -> None:
        self._failed = self._failed or error is not None
