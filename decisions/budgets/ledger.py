"""What of a budget is handed out to which shard: kept by shard 0, among its planned input.

What a shard has reported is what it has committed; so a report is never ahead of the shard, and
what was not reported yet counts as still out. Pure.
"""

from collections.abc import Sequence

from msgspec import Struct, structs

from decisions.budgets.budget import Budget
from state.budget import Handed, Purse


class Account(Struct, array_like=True, frozen=True, gc=False):
    """What one shard was given, and what it has reported."""

    granted: int = 0
    asked: int = 0
    since: int = 0
    """The number of the ledger when one of these two changed last."""
    answered: int = 0
    """Of its refusals, those that something was done about."""
    purse: Purse = Purse()
    """As it was reported last."""

    @property
    def claim(self) -> int:
        """How many units it has used or may use: never less than it has accepted or will accept of
        what it was given."""
        return max(self.granted - self.purse.returned, self.purse.accepted)

    @property
    def held(self) -> int:
        """How many of them it may still have."""
        return self.claim - self.purse.accepted

    @property
    def wants(self) -> bool:
        """It has refused somebody, and nothing was done about it."""
        return self.purse.refused > self.answered

    @property
    def knows(self) -> bool:
        """Whether it had taken in what it was last given, or asked for, when it reported."""
        return self.purse.told.number >= self.since


class Ledger(Struct, array_like=True, frozen=True, gc=False):
    """Of one budget."""

    number: int = 0
    """Rises whenever what shards are told changes."""
    units: int = 0
    """As `Handed` says it."""
    accounts: tuple[Account, ...] = ()
    """By shard."""

    @property
    def accepted(self) -> int:
        """By all shards, as far as they have reported it."""
        return sum([account.purse.accepted for account in self.accounts])

    def handed(self, shard: int) -> Handed:
        """What that shard is told."""
        one = self.accounts[shard]
        others = self.accepted - one.purse.accepted
        known = one.purse.accepted, one.purse.returned
        return Handed(self.number, self.units, one.granted, one.asked, others, *known)


def settle(ledger: Ledger, budget: Budget, purses: Sequence[Purse]) -> Ledger:
    """After a report of all shards' purses: what is free goes out in equal portions, to who wants
    some first, then to who has less than half of one; where none is free and somebody wants some,
    the others are asked for what they can spare.

    The sum of all claims never comes to exceed the budget's units by what is given; where it does,
    as the playbook says fewer units now, all is asked back.
    """
    kept = ledger.accounts or (Account(),) * len(purses)
    accounts = [_reported(one, purse) for one, purse in zip(kept, purses, strict=True)]
    number, units = ledger.number + 1, budget.units
    if budget.hard:
        free = units - sum([account.claim for account in accounts])
        if free < 0:
            units = 0
        else:
            free = _give(accounts, free, number)
            if not free:
                _ask(accounts, number)
    found = Ledger(number, units, tuple(accounts))
    return found if _said(found) != _said(ledger) else structs.replace(found, number=ledger.number)


def _reported(account: Account, purse: Purse) -> Account:
    """Unless it is what was reported before that."""
    was = account.purse
    counts = (
        (purse.told.number, was.told.number),
        (purse.returned, was.returned),
        (purse.accepted, was.accepted),
        (purse.refused, was.refused),
    )
    if any(now < before for now, before in counts):
        return account
    return structs.replace(account, purse=purse)


def _give(accounts: list[Account], free: int, number: int) -> int:
    """Gives what is free; how many are left then."""
    portion = max(free // len(accounts), 1)
    needy = sorted(range(len(accounts)), key=lambda n: (not accounts[n].wants, accounts[n].held, n))
    for n in needy:
        one = accounts[n]
        short = one.wants or 2 * one.held < portion
        give = min(free, portion - one.held) if short else 0
        if give > 0:
            free -= give
            granted = one.claim + one.purse.returned + give
            one = structs.replace(one, granted=granted, since=number)
        if one.held:
            one = structs.replace(one, answered=one.purse.refused)
        accounts[n] = one
    return free


def _ask(accounts: list[Account], number: int) -> None:
    """Each that has some, once it knows what it was told before: or a unit would be asked back
    before anybody could have it."""
    if not any(account.wants for account in accounts):
        return
    for n, one in enumerate(accounts):
        if one.held and one.knows:
            accounts[n] = structs.replace(one, asked=one.asked + 1, since=number)


def _said(ledger: Ledger) -> list[object]:
    """What shards are told, but for the number."""
    told = [
        (one.granted, one.asked, one.purse.accepted, one.purse.returned) for one in ledger.accounts
    ]
    return [ledger.units, *told]
