"""What is spent, handed out and reported: the same after a crash, and again in the middle of a
flush; and told by whoever asks Redis."""

from typing import Any

import redis
from hypothesis import given
from hypothesis import strategies as st

from connectors.kafka.broadcast import (
    BudgetHanded,
    BudgetReported,
    BudgetsHanded,
    BudgetsReported,
    Told,
    encode_told,
    read_told,
)
from decisions.budgets.ledger import Ledger
from decisions.budgets.purse import EMPTY
from flows.broadcast.budgets import Budgets
from flows.metrics.meter import Meter
from flows.processor.world import Changes, decode_ledger, decode_purse, recall
from state.budget import Handed, Purse
from state.decision import Spent
from state.store.keys import shard_keys
from state.store.world import StoredWorld
from tests.decisions.offering.shop import HEAD, offer
from tests.decisions.someone import book

BOOK = book(
    "budgets: {few: {units: 8, hard: true}}\noffers:\n" + offer("a", 1, "budget: few") + "\n", HEAD
)
NOTHING = StoredWorld({}, {}, {}, {})

counts = st.integers(0, 9)
handed = st.builds(Handed, counts, counts, counts, counts, counts)
spent = st.builds(Spent, st.just("few"), st.booleans())
records = st.one_of(
    st.builds(lambda one: BudgetsHanded([BudgetHanded("few", one)]), handed),
    st.builds(
        lambda purses: BudgetsReported([BudgetReported("few", purses)]),
        st.lists(st.builds(Purse, handed, counts, counts, counts), min_size=2, max_size=2),
    ),
)


def take(changes: Changes, moment: int, deed: Spent | Told) -> None:
    if isinstance(deed, Spent):
        changes.spend(moment, [deed])
    else:
        changes.tell(moment, deed)


@given(st.lists(st.lists(spent | records, max_size=8), max_size=4))
def test_what_is_recalled_is_what_was_known(flushes: list[list[Spent | Told]]) -> None:
    world = recall(BOOK, NOTHING)
    ledger: dict[str, Ledger] = {}
    kept: dict[str, bytes] = {}
    kept_ledger: dict[str, bytes] = {}
    for flush in flushes:
        changes = Changes(world, BOOK, ledger)
        for moment, deed in enumerate(flush):
            take(changes, moment, deed)
        kept |= changes.budgets
        kept_ledger |= changes.ledger
    assert recall(BOOK, StoredWorld({}, {}, {}, kept)).budgets == world.budgets
    assert {name: decode_ledger(blob) for name, blob in kept_ledger.items()} == ledger


@given(st.lists(spent | records, max_size=12), st.integers(0, 12))
def test_in_the_middle_of_a_flush_a_purse_can_be_had_as_it_was(
    flush: list[Spent | Told], middle: int
) -> None:
    world, other = recall(BOOK, NOTHING), recall(BOOK, NOTHING)
    changes, others = Changes(world, BOOK), Changes(other, BOOK)
    for moment, deed in enumerate(flush):
        take(changes, moment, deed)
        if moment < middle:
            take(others, moment, deed)
    assert world.budgets is not None
    assert other.budgets is not None
    after = dict(world.budgets)
    rewound = changes.rewind()
    rewound.go(middle)
    assert world.budgets.get("few", EMPTY) == other.budgets.get("few", EMPTY)
    rewound.go(len(flush) + 1)
    assert world.budgets == after


@given(records)
def test_a_record_is_read_as_it_was_written(told: Told) -> None:
    assert read_told(encode_told(told)) == told


def test_a_report_of_another_number_of_shards_or_of_no_budget_changes_nothing() -> None:
    ledger: dict[str, Ledger] = {}
    changes = Changes(recall(BOOK, NOTHING), BOOK, ledger)
    changes.tell(0, BudgetsReported([BudgetReported("few", [EMPTY, EMPTY])]))
    before = dict(ledger)
    changes.tell(1, BudgetsReported([BudgetReported("few", [EMPTY] * 3)]))
    changes.tell(2, BudgetsReported([BudgetReported("gone", [EMPTY, EMPTY])]))
    assert (ledger, changes.passed_over) == (before, 2)


def test_what_redis_says_is_told_once_and_again_when_it_changes(redis_url: str) -> None:
    client = redis.Redis.from_url(redis_url)
    client.flushall()
    meter = Meter()
    budgets = Budgets(BOOK, client, meter, 2)
    ((shard, report),) = budgets.look()
    assert (shard, report) == (0, BudgetsReported([BudgetReported("few", [EMPTY, EMPTY])]))
    assert budgets.look() == []
    world = recall(BOOK, NOTHING)
    changes = Changes(world, BOOK, {})
    assert isinstance(report, BudgetsReported)
    changes.tell(0, report)
    client.hset(shard_keys(0).ledger, mapping=dict[Any, Any](changes.ledger))
    told = budgets.look()
    assert [shard for shard, _ in told] == [0, 1]
    assert all(isinstance(one, BudgetsHanded) for _, one in told)
    assert budgets.look() == []
    changes.tell(1, told[0][1])
    changes.spend(2, [Spent("few", found=True)])
    client.hset(shard_keys(0).budgets, mapping=dict[Any, Any](changes.budgets))
    assert decode_purse(changes.budgets["few"]).held == 3
    ((shard, again),) = budgets.look()
    assert shard == 0
    assert isinstance(again, BudgetsReported)
    assert [purse.accepted for purse in again.budgets[0].purses] == [1, 0]
    budgets.tell_all()
    assert len(budgets.look()) == 3
    assert meter.value("touchline_budget_units", budget="few") == 8
    budgets.close()
    assert meter.labels("touchline_budget_units") == []
