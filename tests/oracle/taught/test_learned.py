"""What is learned is what customers' answers come to, and what is sold out is shown to nobody."""

import random
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import astuple

from connectors.kafka.broadcast import ArmCounted, CountersSummed, ProductChanged
from decisions.acting import BY_STOCK
from decisions.load import load_playbook
from state.decision import Serving
from state.product import Product
from tests.faults.laws.known import Known
from tests.oracle.taught.learned import HALF_LIFE, MINUTE, Arm, Learned
from tests.oracle.taught.lived import Lived
from tests.oracle.taught.test_refresh import BEGIN

BOOK = load_playbook(Path(__file__).with_name("learned.yaml"))
PRODUCTS = ("tent", "mat", "lamp", "chair")
CUSTOMERS = 5
TURNS = 1_500
SAID = ("Offer Shown", "Offer Shown", "Offer Accepted", "Offer Dismissed", "Offer Clicked")


CORNERS = ("recalled", "offer.decided", "shown", "accepted", "dismissed", "clicked", "late")


class Shard:
    """Some customers, and what their shard knows of the world; beside them the oracle's account."""

    def __init__(self, seed: int) -> None:
        self.rng, self.now = random.Random(seed), BEGIN
        self.known = Known(BOOK)
        self.lived = [Lived(f"c-{n}", BOOK, self.known) for n in range(CUSTOMERS)]
        self._learned = [Learned() for _ in range(CUSTOMERS)]
        self._told = [0] * CUSTOMERS
        self._served = [0] * CUSTOMERS
        self._said: dict[int, str] = {}
        """Customer → the decision that they answered last."""
        self._number = 0
        self.stock = dict.fromkeys(PRODUCTS, 0)
        """As it was told last."""
        self.seen: Counter[str] = Counter()

    def turn(self) -> None:
        """A moment later somebody does something, or something is told."""
        rng = self.rng
        self.now += int(1_000 * 10 ** (rng.random() * 2.5))
        draw = rng.random()
        if draw < 0.1:
            self._deliver()
        elif draw < 0.15:
            self._tell()
        else:
            n = rng.randrange(CUSTOMERS)
            self.lived[n].rest(self.now)
            self._act(n)
            self._note(n)

    def all_rest(self) -> None:
        """Time passes for all of them."""
        for n, lived in enumerate(self.lived):
            lived.rest(self.now)
            self._note(n)

    def _act(self, n: int) -> None:
        rng, lived = self.rng, self.lived[n]
        decided = [one.id for _, one in lived.actions if one.kind == "offer.decided"][-16:]
        if decided and rng.random() < 0.7:
            # Often of one that something was said of before.
            said = self._said.get(n, "") if rng.random() < 0.6 else ""
            self._said[n] = said = said or rng.choice(decided[-4:])
            lived.take(self.now, rng.choice(SAID), decision_id=said)
        elif rng.random() < 0.2:
            properties: dict[str, Any] = {"product_id": "p-1", "price": 10.0}
            name = rng.choice(("Product Added", "Product Removed"))
            lived.take(self.now, name, **properties)
        else:
            lived.take(self.now, "Page Viewed")

    def _tell(self) -> None:
        self._number += 1
        arm = "lamp", "click", self.rng.choice(("other", "buyer"))
        self.known.tell(CountersSummed(self._number, [ArmCounted(*arm, 50, 20, self.now)]))

    def _deliver(self) -> None:
        """The catalogue changes; who is served what is sold out is chosen for anew."""
        self._number += 1
        product = self.rng.choice(PRODUCTS)
        self.stock[product] = left = self.rng.choice((0, 0, 1, 5))
        told = Product(stock=left, price=self.rng.choice((None, 10)))
        self.known.tell(ProductChanged(self._number, "a catalogue", product, told))
        for n, lived in enumerate(self.lived):
            if left == 0:
                self.seen["recalled"] += product in self._shown(lived)
                lived.rest(self.now, [BY_STOCK + product])
            self._note(n)

    def _shown(self, lived: Lived) -> set[str]:
        """The products that a reader of the serving key is shown now."""
        last = lived.servings[-1].offers if lived.servings else []
        return {product for one in last if one.expires_at > self.now for product in one.products}

    def _note(self, n: int) -> None:
        """Take in what was published since; nothing of it or of what is shown is sold out."""
        lived, learned = self.lived[n], self._learned[n]
        acted, served = lived.actions[self._told[n] :], lived.servings[self._served[n] :]
        self._told[n], self._served[n] = len(lived.actions), len(lived.servings)
        steps = [(at, 0, action) for at, action in acted] + [(s.as_of, 1, s) for s in served]
        for at, _, step in sorted(steps, key=lambda one: one[:2]):
            if isinstance(step, Serving):
                learned.serve(at, [one.decision_id for one in step.offers])
                continue
            learned.take(at, step.kind, step.body)
            self.seen["late"] += learned.is_late(step.kind, step.body)
            self.seen[step.body.get("answer", step.kind)] += 1
            assert all(self.stock[product] for product in step.body.get("products", ()))
        assert all(self.stock[product] for product in self._shown(lived))

    def counted(self) -> Mapping[Arm, tuple[float, float]]:
        """Arm → tries and taken by now, as the product has counted."""
        table, model = self.known.world.counters, BOOK.model
        assert table is not None
        assert model is not None
        found = {}
        for arm, row in model.rows.items():
            tries, taken, at_ms = astuple(table.own(row))
            left = 0.5 ** ((self.now - at_ms) / HALF_LIFE)
            if tries:
                found[arm] = tries * left, taken * left
        return found

    def expected(self) -> Mapping[Arm, tuple[float, float]]:
        """The same, as the answers have it."""
        found: defaultdict[Arm, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
        for learned in self._learned:
            for arm, (tries, taken) in learned.count(self.now).items():
                found[arm] = found[arm][0] + tries, found[arm][1] + taken
        return found


@pytest.mark.parametrize("seed", range(2))
def test_counters_are_what_the_answers_come_to_and_nothing_sold_out_is_decided_or_shown(
    seed: int,
) -> None:
    shard = Shard(seed)
    for turn in range(TURNS):
        shard.turn()
        if turn % 20 == 0:
            shard.all_rest()
            counted, expected = shard.counted(), shard.expected()
            assert counted.keys() == expected.keys()
            for arm, (tries, taken) in counted.items():
                assert (tries, taken) == pytest.approx(expected[arm], rel=1e-9, abs=1e-12), arm
    assert min(shard.seen[what] for what in CORNERS) > 2, shard.seen


def test_a_yes_that_comes_late_takes_the_place_of_the_no_and_both_are_of_the_decision() -> None:
    learned, arm = Learned(), ("lamp", "click", "other")
    body = {"decision_id": "d", "offer_id": "lamp", "channel": "click"}
    learned.take(BEGIN, "offer.decided", {**body, "learned": {"bucket": "other"}})
    learned.take(BEGIN + MINUTE, "offer.answered", {**body, "answer": "shown"})
    assert learned.count(BEGIN + 6 * MINUTE - 1) == {}
    assert learned.count(BEGIN + 60 * MINUTE) == {arm: (0.5, 0.0)}
    learned.take(BEGIN + 70 * MINUTE, "offer.answered", {**body, "answer": "accepted"})
    assert learned.count(BEGIN + 120 * MINUTE) == {arm: (0.25, 0.25)}
