"""What who answers knows of shards' worlds is what a shard recalls, however it came to know it."""

import asyncio
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.learning.counter import Counter
from decisions.load import load_playbook
from decisions.world import World
from flows.deciding.worlds import Worlds
from flows.processor.world import (
    arm_name,
    encode_budget,
    encode_counter,
    encode_listed,
    recall,
)
from state.budget import Purse
from state.product import Listed, Product
from state.store.requests import Requests
from state.store.world import NUMBER, StoredWorld

PLAYBOOK = load_playbook(Path("playbooks/retail.yaml"))
assert PLAYBOOK.model is not None
ARMS = [arm_name(*arm) for arm in list(PLAYBOOK.model.rows)[:4]] + ["gone click other"]
FIRST_MS = 1_700_000_000_000

counters = st.builds(
    lambda seen, share, later: encode_counter(Counter(seen, seen * share, FIRST_MS + later)),
    st.integers(0, 9).map(float),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.integers(0, 10_000_000_000),
)
arms = st.dictionaries(st.sampled_from(ARMS), counters)
told = st.builds(
    lambda sums, number: {**sums, NUMBER: str(number).encode()}, arms, st.integers(0, 5)
)
products = st.dictionaries(
    st.sampled_from(["p-1", "p-2", "p-3"]),
    st.builds(
        lambda n, stock: encode_listed(Listed("s", n, Product("p", stock=stock))),
        st.integers(0, 9),
        st.integers(0, 2),
    ),
)
budgets = st.dictionaries(
    st.sampled_from(["tea", "cups"]),
    st.builds(lambda accepted: encode_budget(Purse(accepted=accepted)), st.integers(0, 9)),
)
stored = st.builds(StoredWorld, arms, told, products, budgets)


class Shelf(Requests):
    """Has one shard, and says what stands there."""

    def __init__(self) -> None:
        self.stands = StoredWorld({}, {}, {}, {})

    async def world(self, shard: int) -> StoredWorld:
        return self.stands


def content(world: World) -> object:
    table = world.counters
    assert table is not None
    now_ms = FIRST_MS + 20_000_000_000
    rows = np.arange(PLAYBOOK.model.size if PLAYBOOK.model else 0)
    return world.told, world.products, world.budgets, table.totals(rows, now_ms).tolist()


@settings(deadline=None)
@given(st.lists(stored, min_size=1, max_size=5))
def test_what_is_brought_up_to_date_is_what_would_be_recalled(course: list[StoredWorld]) -> None:
    async def last() -> World:
        shelf, seconds = Shelf(), iter(range(1_000))
        worlds = Worlds(PLAYBOOK, shelf, lambda: float(2 * next(seconds)))
        for shelf.stands in course:
            await worlds.of(0)  # starts to read in the background
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return await worlds.of(0)

    assert content(asyncio.run(last())) == content(recall(PLAYBOOK, course[-1]))
