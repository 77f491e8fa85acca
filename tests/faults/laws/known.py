"""What a shard must know of the world by its input alone: what its customers taught it, what it was
told of others' counters, of products and of budgets, and who holds what.

Straight on, without a journal: nothing is ever taken back here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
import redis

from connectors.kafka.broadcast import (
    BudgetsHanded,
    BudgetsReported,
    CountersSummed,
    ProductChanged,
    Told,
)
from decisions.acting import BY_BUDGET, BY_STOCK
from decisions.budgets.ledger import Ledger, settle
from decisions.budgets.purse import EMPTY, accept, is_spent, refuse
from decisions.budgets.purse import told as after_told
from decisions.learning.counter import Counter
from decisions.learning.table import CounterTable
from decisions.offering.stock import needs
from decisions.playbook import Playbook
from decisions.world import World
from state.budget import Purse
from state.decision import Outcome, Spent
from state.product import Listed
from state.profile import HeldOffer
from state.store.keys import shard_keys
from tests.faults.laws.verdict import Verdict

LEARNED: Final = "what a shard has learned is what its customers' answers come to, each once"
TOLD: Final = "what a shard knows of others is what it was told last"
PRODUCTS: Final = "what a shard knows of products is what it was told last"
BUDGETS: Final = "what a shard has of a budget is what it was handed less what it has used"
LEDGER: Final = "what was handed out is what the reports come to"
HOLDERS: Final = "who is said to be served what a product or a budget is for is served it"

encode = msgspec.msgpack.encode


class Known:
    """Of one shard. `world` is what its decisions see."""

    def __init__(self, playbook: Playbook) -> None:
        self._playbook = playbook
        model, learning = playbook.model, playbook.learning
        table = CounterTable(model.size, learning.half_life_ms) if model and learning else None
        self.world = World(table, {}, {})
        self._purses: dict[str, Purse] = {}
        """Budget → what the shard has of it."""
        self.world.budgets = self._purses
        self._as_told: dict[str, Purse] = {}
        """The same but for what the plan at hand uses itself: whom to look for is found before."""
        self._ledger: dict[str, Ledger] = {}
        self.holders: defaultdict[str, set[str]] = defaultdict(set)
        """What offers need → customers who are served such."""
        self._learned: dict[bytes, bytes] = {}
        self._told: dict[bytes, bytes] = {}

    def begin(self) -> None:
        """Another plan."""
        self._as_told = dict(self._purses)

    def spend(self, spent: Iterable[Spent]) -> None:
        """Acceptances of offers that have a budget."""
        for one in spent:
            purse = self._purses.get(one.budget, EMPTY)
            self._purses[one.budget] = accept(purse) if one.found else refuse(purse)

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
        elif isinstance(told, BudgetsHanded):
            for each in told.budgets:
                for purses in (self._purses, self._as_told):
                    before = purses.get(each.budget, EMPTY)
                    after = after_told(before, each.handed)
                    if after != before:
                        purses[each.budget] = after
        elif isinstance(told, BudgetsReported):
            self._settle(told)
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

    def _settle(self, told: BudgetsReported) -> None:
        for report in told.budgets:
            known = self._ledger.get(report.budget, Ledger())
            budget = self._playbook.budgets.get(report.budget)
            if budget is not None and len(known.accounts) in (0, len(report.purses)):
                after = settle(known, budget, report.purses)
                if after != known:
                    self._ledger[report.budget] = after

    def _list(self, told: ProductChanged) -> None:
        products = self.world.products
        assert products is not None, "set when it was made"
        known = products.get(told.id)
        if known is None or known.source != told.source or known.number < told.number:
            products[told.id] = Listed(told.source, told.number, told.product)

    def used_up(self) -> list[str]:
        """What offers need and there is none of."""
        listed, book = self.world.products or {}, self._playbook
        out = [
            f"{BY_STOCK}{name}"
            for name, one in listed.items()
            if one.sold_out and name in book.products
        ]
        out += [
            f"{BY_BUDGET}{name}"
            for name, budget in book.budgets.items()
            if name in self._as_told and is_spent(self._as_told[name], budget)
        ]
        return sorted(out)

    def to_recall(self, most: int) -> dict[str, list[str]]:
        """The first `most` who hold what is used up, one need after the other: customer → those."""
        found = [
            (customer, need)
            for need in self.used_up()
            for customer in sorted(self.holders[need], key=str.encode)
        ]
        recalled: dict[str, list[str]] = {}
        for customer, need in found[:most]:
            recalled.setdefault(customer, []).append(need)
        return recalled

    def recalled(self, customers: dict[str, list[str]]) -> None:
        """These were looked for, and hold that no more, whatever time has done."""
        for customer, those in customers.items():
            for need in those:
                self.holders[need].discard(customer)

    def served(
        self, customer: str, before: Sequence[HeldOffer], after: Sequence[HeldOffer]
    ) -> None:
        """What a customer is offered has changed."""
        for held in before:
            for need in needs(held, self._playbook):
                self.holders[need].discard(customer)
        for held in after:
            for need in needs(held, self._playbook):
                self.holders[need].add(customer)

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
            (BUDGETS, keys.budgets, _encoded(self._purses)),
            (LEDGER, keys.ledger, _encoded(self._ledger)),
        ):
            stored: Any = client.hgetall(key)
            for name in sorted(stored.keys() | expected.keys()):
                where = f"shard {shard}, {name.decode()}"
                verdict.expect(stored.get(name) == expected.get(name), law, where)
        book = self._playbook
        every = [BY_STOCK + name for name in book.products] + [BY_BUDGET + n for n in book.budgets]
        for need in sorted(every):
            found: Any = client.zrange(keys.holders_prefix + need.encode(), 0, -1)
            wrong = {one.decode() for one in found} ^ self.holders[need]
            where = f"shard {shard}, {need}: {', '.join(sorted(wrong)[:3])}"
            verdict.expect(not wrong, HOLDERS, where)


def _encoded(those: Mapping[str, Purse] | Mapping[str, Ledger]) -> dict[bytes, bytes]:
    return {name.encode(): encode(one) for name, one in those.items()}


def _name(arm: tuple[str, str, str]) -> bytes:
    return " ".join(arm).encode()
