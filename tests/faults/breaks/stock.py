"""kill -9 of workers while products are sold out and come back, and offers are learned."""

import random
import threading

import orjson
import redis
from confluent_kafka import Producer

from decisions.load import load_playbook
from flows.settings import Settings
from state.store.keys import shard_keys
from tests.faults.breaks.fault import Fault, Stage
from tests.faults.breaks.kill import kill
from tests.faults.stage.arena import Arena
from tests.faults.world import ROOT, World

CHANGES_PER_S = 4.0
SOLD_OUT_SHARE = 0.6
IN_THE_END = {"tent": 3, "mat": 5, "chair": 4, "lamp": None}
"""What is left when all is over; None: it is gone. There is no desk any more."""


class Shop(threading.Thread):
    """Says of one product after the other how many there are, until it is closed."""

    def __init__(self, world: World, seed: int) -> None:
        super().__init__(name="shop", daemon=True)
        self._producer = Producer({"bootstrap.servers": world.bootstrap_servers})
        self._rng, self._over = random.Random(seed), threading.Event()
        self._products = sorted(load_playbook(world.playbook).products)
        self.said = 0

    def run(self) -> None:
        rng = self._rng
        for product in self._products:
            self._say(product, 1)
        while not self._over.wait(1 / CHANGES_PER_S):
            out = rng.random() < SOLD_OUT_SHARE
            self._say(rng.choice(self._products), 0 if out else rng.randint(1, 9))

    def _say(self, product: str, stock: int | None) -> None:
        value = None if stock is None else orjson.dumps({"stock": stock, "price": 10 * stock + 1})
        self._producer.produce(Settings().catalogue_topic, value, product)
        self._producer.poll(0)
        self.said += 1

    def close(self) -> None:
        """The last word on each product."""
        self._over.set()
        self.join()
        for product in self._products:
            self._say(product, IN_THE_END.get(product, 0))
        self._producer.flush()


def sell_out(arena: Arena) -> None:
    """Workers are killed as by `kill`; in the end nobody is served what is sold out."""
    shop = Shop(arena.world, arena.rng.getrandbits(64))
    shop.start()
    try:
        kill(arena)
    finally:
        shop.close()
    arena.count("changes of the catalogue", shop.said)
    arena.until(lambda: held(arena.world, "lamp", "desk") == 0, "nobody is served what is gone")


def held(world: World, *products: str) -> int:
    """How many customers Redis says are served one of them."""
    prefixes = [shard_keys(shard).holders_prefix for shard in range(world.partitions)]
    with redis.Redis.from_url(world.redis_url) as client:
        return sum(int(client.zcard(p + name.encode())) for p in prefixes for name in products)


FAULTS = [
    Fault(
        "stock",
        "kill -9 of workers while products are sold out and come back, and offers are learned",
        sell_out,
        full_s=120,
        quick_s=15,
        stage=Stage(customers=600, playbook=ROOT / "tests/faults/taught.yaml"),
    )
]
