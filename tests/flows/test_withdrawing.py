"""What is used up leaves customers at once, and whoever is served it is known."""

import pytest
from msgspec import structs

from decisions.decide import decide
from decisions.wake import recall
from decisions.world import World
from flows.processor import waking
from flows.processor.decide import decide_step
from flows.processor.flush import Flush, Slice
from flows.processor.processor import Processor
from flows.processor.recalling import keep_offers, note_holders, recalls_go_on
from flows.processor.waking import AGAIN_MS, find_due
from flows.processor.world import Changes
from state.budget import Handed, Purse
from state.decided import Decided
from state.decision import Spent
from state.fold import fold
from state.product import Listed, Product
from state.profile import Profile
from tests.decisions.offering.shop import HEAD, offer
from tests.decisions.someone import book, touchpoint
from tests.flows.one_flush import NOW_MS, flush_of

CLOCK_MS = NOW_MS - 5_000
BOOK = book(
    "offers:\n"
    + "\n".join(
        [
            offer("tents", 9, "products: [tent]"),
            offer("mats", 8, "products: [mat]"),
            offer("lamps", 7, "products: [lamp]"),
            offer("news", 6),
        ]
    )
    + "\n",
    HEAD,
)
BUDGETED = book(
    "budgets: {b: {units: 1, hard: true}}\noffers:\n" + offer("gift", 9, "budget: b") + "\n", HEAD
)


def shop(*sold_out: str) -> World:
    """One in which all else is there."""
    stock = {name: int(name not in sold_out) for name in ("tent", "mat", "lamp")}
    return World(products={n: Listed("t", 1, Product(stock=left)) for n, left in stock.items()})


def ann() -> Profile:
    """Who is served tents and mats."""
    profile, at_ms = Profile(), NOW_MS - 60_000
    event = touchpoint("ann", "m1", "Product Viewed", at_ms, None)
    decide(profile, event, fold(profile, event, BOOK.traits), BOOK, at_ms, shop())
    assert offers(profile) == ["tents", "mats"]
    return profile


def offers(profile: Profile) -> list[str]:
    return [held.offer_id for held in profile.offers]


def flush(world: World) -> tuple[Processor, Slice]:
    """One without events."""
    processor, part = flush_of(NOW_MS, {})
    processor.playbook = BOOK
    part.shard.world = world
    part.shard.clock_ms = CLOCK_MS
    planned = {"complete_ms": CLOCK_MS, "merged_ms": NOW_MS, "now_ms": NOW_MS}
    part.plan = structs.replace(part.plan, wake=100, **planned)
    part.events = []
    return processor, part


def test_whoever_asks_is_known_to_hold_what_comes_of_it_however_many_others_are_due() -> None:
    profile = ann()
    recall(profile, "ann", BOOK, CLOCK_MS, ["stock:tent"])
    processor, part = flush(shop("tent"))
    part.events = [Decided("ann", "r1", NOW_MS - 100, BOOK.version, [])]
    others = [f"a{n:05}" for n in range(2_400)]
    timers = [(CLOCK_MS, name) for name in [*others, "ann"]]
    part.shard.timers.extend(timers, 10_000, {})
    part.shard.profiles = {name: Profile(due_at=CLOCK_MS) for name in others} | {"ann": profile}
    find_due(processor, part, ["ann"])
    assert "ann" not in {customer for _, customer in part.due}
    decide_step(processor, Flush([part]))
    assert offers(part.shard.profiles["ann"]) == ["mats", "lamps"]
    assert part.holders["stock:lamp"]["ann"]


def test_all_that_is_gone_is_withdrawn_at_once_and_nothing_is_chosen_before() -> None:
    processor, part = flush(shop("tent", "mat"))
    part.shard.profiles = {"ann": ann()}
    part.recalled, part.gone = {"ann": ["stock:mat"]}, ["stock:mat", "stock:tent"]
    decide_step(processor, Flush([part]))
    profile = part.shard.profiles["ann"]
    assert (offers(profile), profile.withdrawn_for) == ([], "stock:mat")
    assert (profile.due_at, part.actions) == (CLOCK_MS, [])
    assert part.holders == {"stock:mat": {"ann": False}, "stock:tent": {"ann": False}}


def test_a_wake_that_fails_keeps_nobody_what_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ValueError

    processor, part = flush(shop("tent"))
    part.shard.profiles = {"ann": ann()}
    part.recalled, part.gone = {"ann": ["stock:tent"]}, ["stock:tent"]
    monkeypatch.setattr(waking, "wake", fails)
    decide_step(processor, Flush([part]))
    profile = part.shard.profiles["ann"]
    assert (offers(profile), profile.withdrawn_for) == (["mats"], "stock:tent")
    assert (profile.due_at, part.wakes_failed) == (CLOCK_MS + AGAIN_MS, 1)


@pytest.mark.parametrize(("others", "sought"), [(0, {"budget:b"}), (1, set())])
def test_holders_are_looked_for_once_as_a_budget_is_spent(others: int, sought: set[str]) -> None:
    processor, part = flush(World())
    processor.playbook, processor.shards = BUDGETED, [part.shard]
    purse = Purse(told=Handed(number=1, units=1, others=others))
    part.shard.world = World(products={}, budgets={"b": purse})
    keep_offers(processor, part)
    part.world = Changes(part.shard.world, BUDGETED)
    part.world.spend(1, [Spent("b", others == 0)])
    note_holders(processor, part)
    assert part.shard.recalls == sought
    assert recalls_go_on(processor) is bool(sought)
