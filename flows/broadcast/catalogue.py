"""What each shard is told of the products that offers name: what the catalogue says by now."""

import logging
import time
from collections.abc import Callable
from typing import Any, Final

import redis
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from connectors.kafka.broadcast import ProductChanged
from connectors.kafka.catalogue import Unreadable, read_id, read_product
from connectors.kafka.errors import passes
from connectors.kafka.lone_consumer import lone_consumer
from connectors.kafka.topics import FoundTopic, find_topics
from flows.metrics.meter import Meter
from flows.processor.world import decode_listed
from flows.settings import Settings
from state.store.world import read_products

log = logging.getLogger("touchline.broadcast")

LOOK_EVERY_S: Final = 30.0
"""How often it is looked whether the topic is there, and still the same."""
BATCH: Final = 10_000
TOLD_AT_ONCE: Final = 20_000
"""Records that one look hands over, or those of one product to all shards."""
NO_TOPIC: Final = (
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_TOPIC,
    KafkaError._UNKNOWN_PARTITION,
)


class Catalogue:
    """Follows the topic from its beginning; tells a shard only what is later than what it knows.

    One thread's. A record that cannot be read is counted, and its product keeps what was said
    before.
    """

    def __init__(
        self,
        settings: Settings,
        products: frozenset[str],
        client: "redis.Redis",
        meter: Meter,
        pause: Callable[[float], object],
    ) -> None:
        """`products`: those that matter. `pause` waits so many seconds, or until all is over."""
        self._kafka = settings.kafka_config
        self._name = settings.catalogue_topic
        self._shards = settings.partitions
        self._products = products
        self._client = client
        self._meter = meter
        self._pause = pause
        self._consumer: Consumer | None = None
        self._topic: FoundTopic | None = None
        self._look_at_s = 0.0
        self._missed = False
        """Whether it was said that there is no such topic."""
        self._begin(0)

    def _begin(self, partitions: int) -> None:
        self._to_read = set(range(partitions))
        """Partitions whose end is not reached yet: until then what is said may be outdated."""
        self._said: dict[str, ProductChanged] = {}
        self._news: dict[str, None] = {}
        """Products that shards may have to be told of, in the order in which they came."""
        self._known: list[dict[str, tuple[str, int]]] | None = None
        """Shard → product → source and number of what it was told; None: to be asked of Redis."""

    def close(self) -> None:
        """Let go of the topic."""
        if self._consumer is not None:
            self._consumer.close()
        self._consumer = self._topic = None

    def tell_all(self) -> None:
        """Next time tell each shard all that it does not know by what Redis says."""
        self._known = None

    def look(self, wait_s: float) -> list[tuple[int, ProductChanged]]:
        """(shard, what it is to be told). Waits up to `wait_s` for a first record. Raises
        redis.RedisError, KafkaException."""
        now_s = time.monotonic()
        if now_s >= self._look_at_s:
            self._look_at_s = now_s + LOOK_EVERY_S
            self._find()
        if self._consumer is None:
            self._pause(wait_s)
            return []
        self._read(self._consumer, wait_s)
        return [] if self._to_read else self._told()

    def _find(self) -> None:
        found = find_topics(self._kafka, [self._name]).get(self._name)
        if found is None and not self._missed:
            log.warning(
                "topic %s, the catalogue, does not exist: no offer of a product is made until it "
                "says that there is some; `touchline topics create` makes it",
                self._name,
            )
        self._missed = found is None
        if found == self._topic:
            return
        self.close()
        self._topic = found
        if found is None:
            return
        self._consumer = lone_consumer(self._kafka, "touchline-catalogue")
        # 0 as it is: asked for the beginning, the embedded broker may name a later offset.
        self._consumer.assign([TopicPartition(self._name, n, 0) for n in range(found.partitions)])
        self._begin(found.partitions)

    def _read(self, consumer: Consumer, wait_s: float) -> None:
        first = consumer.poll(wait_s)
        if first is None:
            return
        refused: list[tuple[Any, Unreadable]] = []
        for message in (first, *consumer.consume(BATCH, 0)):
            if (error := message.error()) is not None:
                if self._is_over(message, error):
                    return
            elif (unreadable := self._take(message)) is not None:
                refused.append((message, unreadable))
        if refused:
            self._refuse(refused)

    def _is_over(self, message: Any, error: KafkaError) -> bool:
        """Whether the topic is gone."""
        if error.code() == KafkaError._PARTITION_EOF:
            self._to_read.discard(message.partition())
        elif error.code() in NO_TOPIC:
            self.close()
            return True
        elif not passes(error):
            raise KafkaException(error)
        return False

    def _take(self, message: Any) -> Unreadable | None:
        product = read_id(message.key())
        if isinstance(product, Unreadable):
            return product
        if product not in self._products:
            return None
        said = read_product(message.value())
        if isinstance(said, Unreadable):
            return said
        assert self._topic is not None, "it is read"
        self._said[product] = ProductChanged(message.offset() + 1, self._topic.id, product, said)
        self._news[product] = None
        return None

    def _refuse(self, refused: list[tuple[Any, Unreadable]]) -> None:
        """One line for many: whoever writes one such record may write each so."""
        self._meter.add("touchline_catalogue_refused_total", len(refused))
        message, unreadable = refused[0]
        more = f", and {len(refused) - 1} more" if len(refused) > 1 else ""
        place = f"{message.topic()}[{message.partition()}]@{message.offset()}"
        log.warning(
            "catalogue: a record says nothing, %s%s: %s; its product stays as it was",
            *(place, more, unreadable.reason),
        )

    def _told(self) -> list[tuple[int, ProductChanged]]:
        if self._known is None:
            self._known = self._ask()
            self._news = dict.fromkeys(self._said)
        told = []
        for product in list(self._news)[: max(TOLD_AT_ONCE // self._shards, 1)]:
            del self._news[product]
            record = self._said[product]
            for shard, known in enumerate(self._known):
                source, number = known.get(product, ("", 0))
                if source != record.source or number < record.number:
                    known[product] = record.source, record.number
                    told.append((shard, record))
        return told

    def _ask(self) -> list[dict[str, tuple[str, int]]]:
        found = []
        for blobs in read_products(self._client, self._shards):
            listed = {product: decode_listed(blob) for product, blob in blobs.items()}
            found.append({product: (one.source, one.number) for product, one in listed.items()})
        return found
