"""What a shard knows of the world: recalled when it is taken, told by records, learned by outcomes.

A flush changes it in memory as it is decided, ahead of Redis as profiles are; the commit writes
what changed as absolute values, so that a replay writes the same.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct

from connectors.kafka.broadcast import (
    ArmCounted,
    BudgetReported,
    BudgetsHanded,
    BudgetsReported,
    ProductChanged,
    Told,
)
from decisions.budgets.ledger import Ledger, settle
from decisions.budgets.purse import EMPTY, accept, refuse
from decisions.budgets.purse import told as after_told
from decisions.learning.counter import Counter
from decisions.learning.table import CounterTable
from decisions.playbook import Playbook
from decisions.world import World
from state.budget import Handed, Purse
from state.decision import Outcome, Spent
from state.product import Listed
from state.store.world import NUMBER, StoredWorld

encode_counter = msgspec.msgpack.Encoder().encode
decode_counter = msgspec.msgpack.Decoder(Counter).decode
encode_listed = msgspec.msgpack.Encoder().encode
decode_listed = msgspec.msgpack.Decoder(Listed).decode
encode_budget = msgspec.msgpack.Encoder().encode
decode_purse = msgspec.msgpack.Decoder(Purse).decode
decode_ledger = msgspec.msgpack.Decoder(Ledger).decode


def arm_name(offer: str, channel: str, bucket: str) -> str:
    """As it is called in Redis; ids have no spaces."""
    return f"{offer} {channel} {bucket}"


def recall(playbook: Playbook, stored: StoredWorld) -> World:
    """What a shard knew when it was committed last. Arms that the playbook does not have stay where
    they are, and count again should it have them again."""
    world = World(products={}, budgets={})
    if playbook.model is not None and playbook.learning is not None:
        world.counters = CounterTable(playbook.model.size, playbook.learning.half_life_ms)
    bring_up(world, rows_of(playbook), stored)
    return world


def rows_of(playbook: Playbook) -> dict[str, int]:
    """Arm, as it is called in Redis → its row; empty where nothing is learned."""
    arms = playbook.model.rows if playbook.model is not None else {}
    return {arm_name(*arm): row for arm, row in arms.items()}


def bring_up(world: World, rows: Mapping[str, int], stored: StoredWorld) -> None:
    """Let `world` know what is stored of these arms, products and budgets; all others stay as they
    are."""
    assert world.products is not None, "recalled"
    assert world.budgets is not None, "recalled"
    world.told = int(stored.told.get(NUMBER, world.told))
    world.products.update((name, decode_listed(blob)) for name, blob in stored.products.items())
    world.budgets.update((name, decode_purse(blob)) for name, blob in stored.budgets.items())
    if (table := world.counters) is not None:
        for kept, take in ((stored.learned, table.put), (stored.told, table.tell)):
            for name, blob in kept.items():
                if (row := rows.get(name)) is not None:
                    take(row, decode_counter(blob))


def is_news(told: ProductChanged, known: Listed | None) -> bool:
    """Whether it is later than what is known of the product."""
    return known is None or known.source != told.source or known.number < told.number


class _Change(Struct, frozen=True):
    """Of one counter, of what is known of one product, or of one budget."""

    moment: int
    put: Callable[[Any], object]
    """Makes it what it is given."""
    before: Any
    after: Any


class Changes:
    """What one flush changes of a shard's world, in the order in which it does."""

    def __init__(
        self, world: World, playbook: Playbook, ledger: dict[str, Ledger] | None = None
    ) -> None:
        """`ledger`: what it hands out, if it is shard 0; changed as it does so."""
        self._world = world
        self._model = playbook.model
        self._budgets = playbook.budgets
        self._ledger = {} if ledger is None else ledger
        self.learned: dict[str, bytes] = {}
        """Arm → what the shard has counted of it, once the flush is done."""
        self.told: dict[str, bytes] = {}
        """Arm → what others have; and NUMBER, where something was told."""
        self.booked: dict[str, int] = {}
        """"taken", "refused", "corrected" or "unknown" → how many outcomes were so."""
        self.products: dict[str, bytes] = {}
        """Product → what the catalogue says of it."""
        self.budgets: dict[str, bytes] = {}
        """Budget → what the shard has of it."""
        self.ledger: dict[str, bytes] = {}
        """Budget → what all shards were given of it."""
        self.passed_over = 0
        """Records that said nothing new."""
        self._journal: list[_Change] = []

    def learn(self, moment: int, outcomes: Iterable[Outcome]) -> None:
        """Count what was learned at a moment of the flush; moments come in order."""
        table = self._world.counters
        for outcome in outcomes:
            arm = (outcome.offer, outcome.channel, outcome.bucket)
            row = self._model.rows.get(arm) if self._model is not None else None
            if table is None or row is None:
                self._count("unknown")
                continue
            before = table.own(row)
            after = table.book(row, outcome.at_ms, tries=outcome.tries, taken=outcome.taken)
            self._journal.append(_Change(moment, partial(table.put, row), before, after))
            self.learned[arm_name(*arm)] = encode_counter(after)
            self._count(
                "refused" if not outcome.taken else "taken" if outcome.tries else "corrected"
            )

    def tell(self, moment: int, told: Told) -> None:
        """Take in what is told at a moment of the flush."""
        if isinstance(told, ProductChanged):
            self._list(moment, told)
        elif isinstance(told, BudgetsHanded):
            for each in told.budgets:
                self._hand(moment, each.budget, each.handed)
        elif isinstance(told, BudgetsReported):
            for report in told.budgets:
                self._settle(report)
        elif told.number <= self._world.told:
            self.passed_over += 1
        else:
            self._world.told = told.number
            self.told[NUMBER] = str(told.number).encode()
            for arm in told.arms:
                self._sum(moment, arm)

    def _sum(self, moment: int, arm: ArmCounted) -> None:
        counter = Counter(arm.tries, min(arm.taken, arm.tries), arm.at_ms)
        name = (arm.offer, arm.channel, arm.bucket)
        self.told[arm_name(*name)] = encode_counter(counter)
        table = self._world.counters
        row = self._model.rows.get(name) if self._model is not None else None
        if row is not None and table is not None:
            before = table.told(row)
            table.tell(row, counter)
            self._journal.append(_Change(moment, partial(table.tell, row), before, counter))

    def _list(self, moment: int, told: ProductChanged) -> None:
        products = self._world.products
        assert products is not None, "recalled as the shard was taken"
        known = products.get(told.id)
        if not is_news(told, known):
            self.passed_over += 1
            return
        listed = Listed(told.source, told.number, told.product)
        put = partial(_put_product, products, told.id)
        put(listed)
        self._journal.append(_Change(moment, put, known, listed))
        self.products[told.id] = encode_listed(listed)

    def spend(self, moment: int, spent: Iterable[Spent]) -> None:
        """Count acceptances of offers that have a budget; moments come in order."""
        for one in spent:
            purse = self._purses.get(one.budget, EMPTY)
            self._keep(moment, one.budget, accept(purse) if one.found else refuse(purse))

    def _hand(self, moment: int, budget: str, handed: Handed) -> None:
        purse = self._purses.get(budget, EMPTY)
        after = after_told(purse, handed)
        if after is purse:
            self.passed_over += 1
        else:
            self._keep(moment, budget, after)

    @property
    def _purses(self) -> dict[str, Purse]:
        assert self._world.budgets is not None, "recalled as the shard was taken"
        return self._world.budgets

    def _keep(self, moment: int, budget: str, purse: Purse) -> None:
        purses = self._purses
        before, put = purses.get(budget, EMPTY), partial(purses.__setitem__, budget)
        put(purse)
        self._journal.append(_Change(moment, put, before, purse))
        self.budgets[budget] = encode_budget(purse)

    def _settle(self, report: BudgetReported) -> None:
        """No decision hangs on the ledger: it need not be put back in the middle of a flush."""
        budget, ledger = self._budgets.get(report.budget), self._ledger
        known = ledger.get(report.budget, Ledger())
        if budget is None or len(known.accounts) not in (0, len(report.purses)):
            self.passed_over += 1
            return
        after = settle(known, budget, report.purses)
        if after == known:
            self.passed_over += 1
            return
        ledger[report.budget] = after
        self.ledger[report.budget] = encode_budget(after)

    def rewind(self) -> "Rewound":
        """Put counters, products and budgets back to where they were before the flush."""
        for change in reversed(self._journal):
            change.put(change.before)
        return Rewound(self._journal)

    def _count(self, result: str) -> None:
        self.booked[result] = self.booked.get(result, 0) + 1


def _put_product(products: dict[str, Listed], product: str, listed: Listed | None) -> None:
    if listed is None:
        products.pop(product, None)
    else:
        products[product] = listed


class Rewound:
    """The world of a flush on its way from its beginning to where it is."""

    def __init__(self, journal: list[_Change]) -> None:
        self._left = deque(journal)

    def go(self, moment: int) -> None:
        """On to where it was right before a moment; not back."""
        while self._left and self._left[0].moment < moment:
            change = self._left.popleft()
            change.put(change.after)
