"""What shard 0 is told of what all shards have of budgets, and each shard of what it was handed.

Both stand in Redis as they were committed, and are told as absolute numbers: whoever tells them, or
tells them late or twice, adds nothing to them. Nothing is decided here.
"""

from collections.abc import Iterator

import redis

from connectors.kafka.broadcast import (
    BudgetHanded,
    BudgetReported,
    BudgetsHanded,
    BudgetsReported,
)
from decisions.budgets.ledger import Ledger
from decisions.budgets.purse import EMPTY
from decisions.playbook import Playbook
from flows.metrics.meter import Meter
from flows.processor.world import decode_ledger, decode_purse
from state.budget import Handed, Purse
from state.store.world import read_budgets

Record = BudgetsHanded | BudgetsReported


class Budgets:
    """Follows the ledger and all purses in Redis. One thread's."""

    def __init__(
        self, playbook: Playbook, client: "redis.Redis", meter: Meter, shards: int
    ) -> None:
        self._budgets = playbook.budgets
        self._client = client
        self._meter = meter
        self._shards = shards
        self.tell_all()

    def tell_all(self) -> None:
        """Next time tell all that is known: something may have been missed."""
        self._reported: dict[str, list[Purse]] = {}
        self._handed: dict[tuple[str, int], Handed] = {}

    def look(self) -> list[tuple[int, Record]]:
        """(shard, what it is to be told), of what changed since this was last asked. Raises
        redis.RedisError."""
        ledger, blobs = read_budgets(self._client, self._shards)
        purses = [{name: decode_purse(one) for name, one in found.items()} for found in blobs]
        told: list[tuple[int, Record]] = []
        # Each by itself: of all budgets in a thousand shards it would be too large for a record.
        told += [(0, BudgetsReported([report])) for report in self._reports(purses)]
        accounts = {
            name: decode_ledger(blob) for name, blob in ledger.items() if name in self._budgets
        }
        news = ((shard, list(self._news(accounts, shard))) for shard in range(self._shards))
        told += [(shard, BudgetsHanded(handed)) for shard, handed in news if handed]
        self._show(accounts)
        return told

    def close(self) -> None:
        """Somebody else shows how much is spent."""
        for name in self._budgets:
            self._meter.forget("touchline_budget_units", budget=name)
            self._meter.forget("touchline_budget_accepted", budget=name)

    def _reports(self, purses: list[dict[str, Purse]]) -> Iterator[BudgetReported]:
        for name in self._budgets:
            found = [of_shard.get(name, EMPTY) for of_shard in purses]
            if found != self._reported.get(name):
                self._reported[name] = found
                yield BudgetReported(name, found)

    def _news(self, accounts: dict[str, Ledger], shard: int) -> Iterator[BudgetHanded]:
        for name, ledger in accounts.items():
            handed, before = ledger.handed(shard), self._handed.get((name, shard))
            if before is None or not handed.says_as(before):
                self._handed[name, shard] = handed
                yield BudgetHanded(name, handed)

    def _show(self, accounts: dict[str, Ledger]) -> None:
        for name, budget in self._budgets.items():
            self._meter.set("touchline_budget_units", budget.units, budget=name)
            accepted = accounts[name].accepted if name in accounts else 0
            self._meter.set("touchline_budget_accepted", accepted, budget=name)
