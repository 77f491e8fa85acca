"""What a shard must know of the world by its input alone: what its customers taught it, what it was
told of others' counters and of products, and who holds what.

Straight on, without a journal: nothing is ever taken back here.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
import redis

from connectors.kafka.broadcast import CountersSummed, ProductChanged, Told
from decisions.learning.counter import Counter
from decisions.learning.table import CounterTable
from decisions.playbook import Playbook
from decisions.world import World
from state.decision import Outcome
from state.product import Listed
from state.profile import HeldOffer
from state.store.keys import shard_keys
from tests.faults.laws.verdict import Verdict

LEARNED: Final = "what a shard has learned is what its customers' answers come to, each once"
TOLD: Final = "what a shard knows of others is what it was told last"
PRODUCTS: Final = "what a shard knows of products is what it was told last"
HOLDERS: Final = "who is said to be served a product is served it"

encode = msgspec.msgpack.encode


class Known:
    """Of one shard. `world` is what its decisions see."""

    def __init__(self, playbook: Playbook) -> None:
        self._playbook = playbook
        model, learning = playbook.model, playbook.learning
        table = CounterTable(model.size, learning.half_life_ms) if model and learning else None
        self.world = World(table, {})
        self.holders: defaultdict[str, set[str]] = defaultdict(set)
        """Product → customers who are served it."""
        self._learned: dict[bytes, bytes] = {}
        self._told: dict[bytes, bytes] = {}

    def learn(self, outcomes: Iterable[Outcome]) -> None:
        """What became of offers that were shown."""
        table, model = self.world.counters, self._playbook.model
        for one in outcomes:
            arm = one.offer, one.channel, one.bucket
            if table is not None and model is not None and arm in model.rows:
                after = table.book(model.rows[arm], one.at_ms, tries=one.tries, taken=one.taken)
                self._learned[_name(arm)] = encode(after)

    def tell(self, told: Told) -> None:
        """The next record; one with a number that is not above the last says nothing."""
        if isinstance(told, ProductChanged):
            self._list(told)
        elif told.number > self.world.told:
            self._sum(told)

    def _sum(self, told: CountersSummed) -> None:
        table, model = self.world.counters, self._playbook.model
        self.world.told = told.number
        for one in told.arms:
            arm = one.offer, one.channel, one.bucket
            counter = Counter(one.tries, min(one.taken, one.tries), one.at_ms)
            self._told[_name(arm)] = encode(counter)
            if table is not None and model is not None and arm in model.rows:
                table.tell(model.rows[arm], counter)

    def _list(self, told: ProductChanged) -> None:
        products = self.world.products
        assert products is not None, "set when it was made"
        known = products.get(told.id)
        if known is None or known.source != told.source or known.number < told.number:
            products[told.id] = Listed(told.source, told.number, told.product)

    def to_recall(self, most: int) -> dict[str, list[str]]:
        """The first `most` who hold what is sold out, product by product: customer → what."""
        listed = self.world.products or {}
        out = sorted(name for name, one in listed.items() if one.sold_out)
        found = [
            (customer, product)
            for product in out
            if product in self._playbook.products
            for customer in sorted(self.holders[product], key=str.encode)
        ]
        recalled: dict[str, list[str]] = {}
        for customer, product in found[:most]:
            recalled.setdefault(customer, []).append(product)
        return recalled

    def recalled(self, customers: dict[str, list[str]]) -> None:
        """These were looked for, and hold those products no more, whatever time has done."""
        for customer, products in customers.items():
            for product in products:
                self.holders[product].discard(customer)

    def served(
        self, customer: str, before: Sequence[HeldOffer], after: Sequence[HeldOffer]
    ) -> None:
        """What a customer is offered has changed."""
        for held in before:
            for product in held.products:
                self.holders[product].discard(customer)
        for held in after:
            for product in held.products:
                self.holders[product].add(customer)

    def is_stored(self, client: "redis.Redis", shard: int, verdict: Verdict) -> None:
        """What must hold of Redis, once nothing is under way."""
        keys, told = shard_keys(shard), dict(self._told)
        if self.world.told:
            told[b"number"] = str(self.world.told).encode()
        listed = {n.encode(): encode(one) for n, one in (self.world.products or {}).items()}
        for law, key, expected in (
            (LEARNED, keys.learned, self._learned),
            (TOLD, keys.told, told),
            (PRODUCTS, keys.products, listed),
        ):
            stored: Any = client.hgetall(key)
            for name in sorted(stored.keys() | expected.keys()):
                where = f"shard {shard}, {name.decode()}"
                verdict.expect(stored.get(name) == expected.get(name), law, where)
        for product in sorted(self._playbook.products):
            found: Any = client.zrange(keys.holders_prefix + product.encode(), 0, -1)
            wrong = {one.decode() for one in found} ^ self.holders[product]
            where = f"shard {shard}, {product}: {', '.join(sorted(wrong)[:3])}"
            verdict.expect(not wrong, HOLDERS, where)


def _name(arm: tuple[str, str, str]) -> bytes:
    return " ".join(arm).encode()
