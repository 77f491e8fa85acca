"""A shop's catalogue whose products sell out and come back while a run goes on."""

import random
import time
from collections import defaultdict
from collections.abc import Collection

import msgspec
from confluent_kafka import Producer

from flows.settings import Settings
from tests.faults.world import delivered
from tests.oracle.contact.stock import Word

EVERY_S = (0.2, 1.0)
"""From one word to the next."""
THERE = 0.6
"""Of all words, those by which there are some to be sold."""
GONE = 0.3
"""Of all others, those that take the product off the catalogue."""


class Shelf:
    """Says something of a product now and then, each time with another price."""

    def __init__(self, bootstrap_servers: str, seed: int, products: Collection[str]) -> None:
        self.said: defaultdict[str, list[Word]] = defaultdict(list)
        """Product → what was said of it."""
        self._products = sorted(products)
        self._rng = random.Random(f"shelf {seed}")
        self._producer = Producer({"bootstrap.servers": bootstrap_servers, "linger.ms": 0})
        self._due_s = 0.0
        for product in self._products:
            self._say(product, there=True)
        self.close()

    @property
    def words(self) -> int:
        """How many there were."""
        return sum(map(len, self.said.values()))

    def tend(self) -> None:
        """Say what is due."""
        if self._products and (now_s := time.monotonic()) >= self._due_s:
            self._due_s = now_s + self._rng.uniform(*EVERY_S)
            self._say(self._rng.choice(self._products), there=self._rng.random() < THERE)

    def close(self) -> None:
        """All that was said is in the topic."""
        assert self._producer.flush(30) == 0

    def _say(self, product: str, *, there: bool) -> None:
        words = self.said[product]
        words.append(Word(len(words) + 1.0, there))
        value = None
        if there or self._rng.random() >= GONE:
            stock = self._rng.randint(1, 9) if there else 0
            value = msgspec.json.encode({"stock": stock, "price": words[-1].price})
        self._producer.produce(Settings().catalogue_topic, value, product, on_delivery=delivered)
        self._producer.poll(0)
