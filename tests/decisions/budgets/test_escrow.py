"""No unit of a hard budget is accepted twice, whoever dies, comes late or speaks twice; and in the
end all of them are accepted."""

import copy
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from decisions.budgets.budget import Budget
from decisions.budgets.ledger import Ledger, settle
from decisions.budgets.purse import EMPTY, accept, has_unit, refuse, told
from state.budget import Handed, Purse

shards = st.integers(0, 3)


class Escrow(RuleBasedStateMachine):
    """Four shards, each with a committed state and one ahead of it in memory; two who tell. What
    they tell lies in logs that are read in order, and read again after a crash, or after Redis came
    back from the past: as planned input is. A customer who is refused may come again."""

    @initialize(units=st.integers(0, 40), buyer=shards)
    def begin(self, units: int, buyer: int) -> None:
        self.units = units
        self.buyer = buyer
        """Where somebody still wants some, once nobody else does."""
        self.most = units
        self.ledger = Ledger()
        self.purses = [EMPTY] * 4
        self.logs: list[list[Any]] = [[] for _ in range(4)]
        self.read = [0] * 4
        self.kept = (self.ledger, list(self.purses), list(self.read))
        self.backups = [self.kept]
        self.sold: set[tuple[int, int]] = set()
        """Shard and place in its log of what was published as accepted."""
        self.taken: list[set[int]] = [set() for _ in range(4)]
        """The same, not committed yet."""
        self.seen: list[tuple[Ledger, list[Purse]]] = [(self.ledger, list(self.purses))] * 2

    @property
    def budget(self) -> Budget:
        return Budget("b", self.units, hard=True)

    @rule(shard=shards)
    def wants(self, shard: int) -> None:
        """A customer accepts: an event of the log, as everything is that changes a shard."""
        self.logs[shard].append("accept")

    @rule(shard=shards, most=st.integers(1, 5))
    def flush(self, shard: int, most: int) -> None:
        """Reads on, in memory alone."""
        for said in self.logs[shard][self.read[shard] :][:most]:
            self._take(shard, said)
            self.read[shard] += 1

    def _take(self, shard: int, said: Any) -> None:
        purse = self.purses[shard]
        if said == "accept":
            found = has_unit(purse, self.budget)
            self.purses[shard] = accept(purse) if found else refuse(purse)
            if found:
                self.taken[shard].add(self.read[shard])
        elif isinstance(said, Handed):
            self.purses[shard] = told(purse, said)
        else:
            self.ledger = settle(self.ledger, self.budget, said)

    @rule(shard=shards)
    def commit(self, shard: int) -> None:
        ledger, purses, read = self.kept
        purses, read = list(purses), list(read)
        purses[shard], read[shard] = self.purses[shard], self.read[shard]
        self.kept = (self.ledger if shard == 0 else ledger, purses, read)
        self.sold |= {(shard, place) for place in self.taken[shard]}
        self.taken[shard] = set()

    @rule(shard=shards)
    def crash(self, shard: int) -> None:
        """What was not committed is done again."""
        ledger, purses, read = self.kept
        self.purses[shard], self.read[shard] = purses[shard], read[shard]
        self.taken[shard] = set()
        if shard == 0:
            self.ledger = ledger

    @rule()
    def back_up(self) -> None:
        self.backups.append(self.kept)

    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        """Redis comes back from the past; what was planned since is in the logs, and is done again
        before anything else."""
        reached = self.kept[2]
        self.kept = data.draw(st.sampled_from(self.backups))
        for shard in range(4):
            self.crash(shard)
            self.flush(shard, max(reached[shard] - self.read[shard], 0))
            self.commit(shard)

    @rule(who=st.integers(0, 1), shard=shards)
    def look(self, who: int, shard: int) -> None:
        """One of the two asks Redis, where shards stand at different times."""
        ledger, purses = self.seen[who]
        purses = list(purses)
        purses[shard] = self.kept[1][shard]
        self.seen[who] = (self.kept[0] if shard == 0 else ledger, purses)

    @rule(who=st.integers(0, 1), shard=shards)
    def tell(self, who: int, shard: int) -> None:
        """And tells what it saw, however long ago that was."""
        ledger, purses = self.seen[who]
        if ledger.accounts:
            self.logs[shard].append(ledger.handed(shard))
        if shard == 0:
            self.logs[0].append(copy.copy(purses))

    @rule(who=st.integers(0, 1))
    def round(self, who: int) -> None:
        """All goes well for once."""
        for shard in range(4):
            self.look(who, shard)
        for shard in range(4):
            self.tell(who, shard)
        for shard in range(4):
            self.flush(shard, 10_000)
            self.commit(shard)

    @rule(shard=shards, many=st.integers(1, 20))
    def rush(self, shard: int, many: int) -> None:
        """Many want one at once."""
        self.logs[shard] += ["accept"] * many

    @invariant()
    def none_twice(self) -> None:
        if hasattr(self, "units"):
            accepted = sum(purse.accepted for purse in self.purses)
            assert accepted <= self.most
            assert len(self.sold) <= self.most
            claims = sum(account.claim for account in self.ledger.accounts)
            assert claims <= max(self.most, 0)

    def _sell_out(self) -> int:
        """How many are accepted once all that is on its way has come, and one shard's customers
        have come again and again."""
        for _ in range(6 * self.units + 12):
            self.wants(self.buyer)
            self.round(0)
            if (accepted := sum(purse.accepted for purse in self.purses)) >= self.units:
                break
        return accepted

    def teardown(self) -> None:
        if hasattr(self, "units"):
            assert self._sell_out() == self.units


class Changed(Escrow):
    """The same as the playbook says fewer or more now: what is accepted from then on never exceeds
    what it says. All shards have the new playbook at once, as they begin with it."""

    @rule(units=st.integers(0, 40))
    def change(self, units: int) -> None:
        for shard in range(4):
            self.crash(shard)
        self.backups = [self.kept]
        self.units = units
        self.most = max(units, sum(purse.accepted for purse in self.purses))

    @invariant()
    def none_twice(self) -> None:
        if hasattr(self, "units"):
            assert sum(purse.accepted for purse in self.purses) <= self.most

    def teardown(self) -> None:
        if not hasattr(self, "units"):
            return
        before = sum(purse.accepted for purse in self.purses)
        assert self._sell_out() == max(self.units, before)


TestEscrow = Escrow.TestCase
TestEscrow.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
TestChanged = Changed.TestCase
TestChanged.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
