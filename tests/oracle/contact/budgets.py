"""What is decided, accepted and refused of budgets, counted again over all shards.

Shards come one after the other, each in the order in which it was applied. What one of them has
accepted so far is known exactly, and what others had is not: their moments are compared at the end.
"""

from collections import Counter
from collections.abc import Mapping

from connectors.published.record_types import ActionRecord
from tests.oracle.contact.findings import REFUSED, SPENT, WITHIN, Findings, OfBudget
from tests.oracle.contact.terms import Budget, Terms


class Counted:
    """Of one budget."""

    def __init__(self) -> None:
        self.accepted: list[tuple[int, str]] = []
        """(when, where)."""
        self.of_shard: Counter[int] = Counter()
        """Shard → how many of them."""
        self.decided: list[int] = []
        """When."""
        self.known: tuple[int, str] = 0, ""
        """The most that any decision knew of, and which."""


class Budgets:
    """All of a playbook."""

    def __init__(
        self, budgets: Mapping[str, Budget], offers: Mapping[str, Terms], findings: Findings
    ) -> None:
        self._budgets, self._findings = budgets, findings
        self._of = {name: terms.budget for name, terms in offers.items() if terms.budget}
        self._counted = {name: Counted() for name in budgets}

    def decided(self, record: ActionRecord, now_ms: int, where: str) -> None:
        """An offer was decided: was there one left, as far as its shard could know?"""
        if not (name := self._of.get(record.body["offer_id"])):
            return
        budget, counted = self._budgets[name], self._counted[name]
        counted.decided.append(now_ms)
        said = dict(record.body.get("budget", {}))
        known = said.pop("accepted", -1)
        least = counted.of_shard[record.applied.shard]
        same = said == {"id": name, "units": budget.units, "hard": budget.hard}
        self._findings.asks(
            SPENT, same and least <= known < budget.units, f"{where}: {known} of {said}"
        )
        counted.known = max(counted.known, (known, where))

    def accepted(self, record: ActionRecord, now_ms: int, where: str) -> None:
        """An acceptance counts."""
        if name := self._of.get(record.body["offer_id"]):
            self._counted[name].accepted.append((now_ms, where))
            self._counted[name].of_shard[record.applied.shard] += 1

    def refused(self, record: ActionRecord, where: str) -> None:
        """An acceptance did not count, as there was none left."""
        name = self._of.get(record.body["offer_id"], "")
        self._findings.asks(REFUSED, bool(name) and self._budgets[name].hard, where)
        if name:
            self._findings.budgets[name].refused += 1

    def end(self) -> None:
        """All shards are in."""
        for name, budget in self._budgets.items():
            counted, found = self._counted[name], self._findings.budgets[name]
            accepted = sorted(counted.accepted)
            found.accepted, found.decisions = len(accepted), len(counted.decided)
            known, where = counted.known
            self._findings.asks(SPENT, known <= len(accepted), f"{where}: knew of {known}")
            if budget.hard:
                for number, (_, place) in enumerate(accepted, 1):
                    self._findings.asks(WITHIN, number <= budget.units, f"{place}: number {number}")
            if len(accepted) >= budget.units:
                self._after(found, accepted, counted.decided)

    @staticmethod
    def _after(found: OfBudget, accepted: list[tuple[int, str]], decided: list[int]) -> None:
        """What came once the last unit was accepted, by the times at which all was decided."""
        spent_ms = accepted[found.units - 1][0]
        found.above_ms = [at_ms - spent_ms for at_ms, _ in accepted[found.units :]]
        found.decided_ms = [at_ms - spent_ms for at_ms in decided if at_ms > spent_ms]
