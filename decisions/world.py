"""What a decision hangs on beside the customer and the playbook: what a shard knows of the world.

It reaches the shard as records among its planned input, so that who decides again after a crash
knows the same.
"""

from typing import Final

from msgspec import Struct

from decisions.learning.table import CounterTable
from state.budget import Purse
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
