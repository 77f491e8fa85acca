"""What a decision hangs on beside the customer and the playbook: what a shard knows of the world.

It reaches the shard as records among its planned input, so that who decides again after a crash
knows the same.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct, structs

from decisions.budgets.purse import EMPTY, accept, refuse
from decisions.learning.table import CounterTable
from state.budget import Purse
from state.decision import Spent
from state.product import Listed


class World(Struct):
    """As of one event; whoever applies records to it does so between two."""

    counters: CounterTable | None = None
    """What is learned of offers, by the rows of the playbook's model; None: nothing."""
    products: dict[str, Listed] | None = None
    """Product id → what the catalogue says of it; None: no catalogue is looked at, and every
    product counts as there."""
    budgets: dict[str, Purse] | None = None
    """Budget → what the shard has of it; None: none is looked at, and each counts as untouched."""
    told: int = 0
    """The number of the last record with other shards' counters; 0 = none."""


BARE: Final = World()
"""Where nothing is known."""


def after_spending(world: World, spent: Sequence[Spent]) -> World:
    """The same once these acceptances are counted; `world` itself stays."""
    if world.budgets is None or not spent:
        return world
    purses = dict(world.budgets)
    for one in spent:
        purse = purses.get(one.budget, EMPTY)
        purses[one.budget] = accept(purse) if one.found else refuse(purse)
    return structs.replace(world, budgets=purses)
