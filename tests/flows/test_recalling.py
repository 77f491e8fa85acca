"""Who is served what is sold out is asked of Redis once it knows all, and no more than planned."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from msgspec import structs

from connectors.kafka.broadcast import ProductChanged
from decisions.world import World
from flows.processor import recalling
from flows.processor.flush import Flush, Slice
from flows.processor.processor import Processor
from flows.processor.recalling import find_holders, holders_are_left, recalls_go_on
from state.product import Listed, Product
from tests.decisions.offering.shop import HEAD, offer
from tests.decisions.someone import book
from tests.flows.one_flush import NOW_MS, flush_of

BOOK = book(f"offers:\n{offer('set', 9, 'products: [tent, mat]')}\n", HEAD)


class Holders:
    """A store in which some are served the tent or the mat."""

    def __init__(self, **holders: Sequence[str]) -> None:
        self.kept = holders
        self.asked: list[Any] = []

    def holders(self, products: Sequence[str], most: int) -> tuple[list[tuple[str, str]], int]:
        self.asked.append(list(products))
        found = [
            (name, one)
            for name in products
            for one in self.kept.get(name.removeprefix("stock:"), ())
        ]
        return found[:most], len(found)


def told(number: int, product: str, stock: int | None) -> ProductChanged:
    return ProductChanged(number, "t", product, None if stock is None else Product(stock=stock))


def flush(
    monkeypatch: pytest.MonkeyPatch, store: Holders, *events: ProductChanged, recall: int = 3
) -> tuple[Processor, Slice]:
    """One in which this is told, in a shop where all was there."""
    processor, part = flush_of(NOW_MS)
    processor.playbook = BOOK
    listed = {name: Listed("t", 1, Product(stock=1)) for name in ("tent", "mat", "lamp")}
    part.shard.world = World(products=listed)
    part.shard.store = cast(Any, store)
    part.plan = structs.replace(part.plan, recall=recall)
    part.events = list(events)
    monkeypatch.setattr(recalling, "commit_pending", lambda _: store.asked.append("committed"))
    return processor, part


def test_redis_is_asked_once_it_knows_of_the_flush_before(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Holders(tent=["ann", "bob"])
    processor, part = flush(monkeypatch, store, told(2, "tent", 0))
    find_holders(processor, part)
    assert store.asked == ["committed", ["stock:tent"]]
    assert part.recalled == {"ann": ["stock:tent"], "bob": ["stock:tent"]}
    assert part.shard.recalls == set()


def test_no_more_are_found_than_planned_and_the_others_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Holders(tent=["ann", "bob"], mat=["ann", "cy"])
    processor, part = flush(monkeypatch, store, told(2, "tent", 0), told(3, "mat", None))
    find_holders(processor, part)
    assert part.recalled == {"ann": ["stock:mat", "stock:tent"], "cy": ["stock:mat"]}
    assert part.shard.recalls == {"stock:mat", "stock:tent"}


@pytest.mark.parametrize(
    "events",
    [
        [],
        [told(2, "tent", 5)],
        [told(2, "tent", 0), told(3, "tent", 1)],
        [told(1, "tent", 0)],
        [told(2, "lamp", 0)],
    ],
    ids=["nothing", "there is more", "it comes back", "not later", "no offer names it"],
)
def test_nobody_is_looked_for_where_nothing_is_sold_out(
    monkeypatch: pytest.MonkeyPatch, events: list[ProductChanged]
) -> None:
    store = Holders(tent=["ann"], lamp=["ann"])
    processor, part = flush(monkeypatch, store, *events)
    part.shard.recalls = {"stock:tent"}
    find_holders(processor, part)
    assert (store.asked, part.recalled, part.shard.recalls) == ([], {}, set())


def test_a_plan_of_before_looks_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Holders(tent=["ann"])
    processor, part = flush(monkeypatch, store, told(2, "tent", 0), recall=0)
    find_holders(processor, part)
    assert (store.asked, part.recalled) == ([], {})


def test_a_flush_that_is_not_committed_is_not_waited_for_to_plan_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processor, part = flush(monkeypatch, store := Holders(tent=["ann"]))
    assert not holders_are_left(processor, part.shard)
    part.shard.recalls = {"stock:tent"}
    processor.pending = Flush([part])
    assert holders_are_left(processor, part.shard)
    assert store.asked == []
    processor.pending = None
    assert holders_are_left(processor, part.shard)
    store.kept = {}
    assert not holders_are_left(processor, part.shard)
    assert (store.asked, part.shard.recalls) == ([["stock:tent"]] * 2, set())


def test_recalls_go_on_until_what_is_withdrawn_is_committed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processor, part = flush(monkeypatch, Holders(tent=["ann"]), told(2, "tent", 0))
    processor.shards = [part.shard]
    assert not recalls_go_on(processor)
    part.shard.recalls = {"stock:tent"}
    assert recalls_go_on(processor)
    find_holders(processor, part)
    assert part.shard.recalls == set()
    processor.pending = Flush([part])
    assert recalls_go_on(processor)
    processor.pending = None
    assert not recalls_go_on(processor)
