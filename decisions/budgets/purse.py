"""One shard's part of a budget: accepts from what it holds, and gives back what it can spare.

Pure. Whatever is told late or twice changes nothing: the ledger's numbers say what is later.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import structs

from decisions.budgets.budget import Budget
from state.budget import Handed, Purse

EMPTY: Final = Purse()


def purse_of(purses: Mapping[str, Purse] | None, budget: Budget) -> Purse | None:
    """The shard's; None where no budget is looked at, and each counts as untouched."""
    return None if purses is None else purses.get(budget.id, EMPTY)


def known_accepted(purse: Purse) -> int:
    """How many all shards have accepted, as far as this one knows."""
    return purse.told.others + purse.accepted


def is_spent(purse: Purse, budget: Budget) -> bool:
    """Whether there is none left anywhere."""
    return known_accepted(purse) >= budget.units


def is_closed(purse: Purse, budget: Budget) -> bool:
    """Whether nothing more is offered of it here: it is spent, or the shard has had to refuse one
    and has no other."""
    return is_spent(purse, budget) or (budget.hard and purse.dry and not has_unit(purse, budget))


def has_unit(purse: Purse, budget: Budget) -> bool:
    """Whether one more may be accepted here.

    Of a hard one only what was handed out of as many as there are now: once the playbook says
    fewer, what is held counts again when the ledger says so.
    """
    return not budget.hard or (purse.held > 0 and 0 < purse.told.units <= budget.units)


def accept(purse: Purse) -> Purse:
    """After one acceptance more."""
    return structs.replace(purse, accepted=purse.accepted + 1)


def refuse(purse: Purse) -> Purse:
    """After one acceptance that found no unit."""
    return structs.replace(purse, refused=purse.refused + 1, dry=True)


def told(purse: Purse, handed: Handed) -> Purse:
    """After what the ledger says. Asked for what it can spare, it gives back half of what it holds,
    rounded up, so that the last unit moves to where it is wanted; all of it where more is out than
    there may be.

    What it had reported is never ahead of it, unless it was made anew from less than its whole
    history: then it takes that, and does not accept the same units again.
    """
    if handed.number <= purse.told.number:
        return purse
    found = structs.replace(
        purse,
        told=handed,
        accepted=max(purse.accepted, handed.accepted),
        returned=max(purse.returned, handed.returned),
    )
    held, back = max(found.held, 0), 0
    if not handed.units:
        back = held
    elif handed.asked > purse.told.asked:
        back = (held + 1) // 2
    dry = purse.dry and held == back
    return structs.replace(found, returned=found.returned + back, dry=dry)
