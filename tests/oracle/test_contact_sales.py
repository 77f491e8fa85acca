"""The checker of contact counts budgets and knows what is in stock: it finds what is sold too
often, refused without need or not there, and nothing where all is as it should be."""

from typing import Any

import pytest

from connectors.published.record_types import ActionRecord
from tests.oracle.contact.findings import (
    ANSWERED,
    COUNTED,
    OF_BUDGETS,
    REFUSED,
    SPENT,
    STOCKED,
    WITHIN,
)
from tests.oracle.contact.planted import Log, broken
from tests.oracle.contact.stock import Word
from tests.oracle.contact.table import tables

WRITTEN: dict[str, Any] = {
    "budgets": {"few": {"units": 2, "hard": True}, "some": {"units": 2}},
    "offers": {"tent": {"budget": "few"}, "mat": {"budget": "few"}, "lamp": {"budget": "some"}},
}


class Shop(Log):
    """A log of customers who each see an offer of a budget, shard by shard."""

    def __init__(self) -> None:
        super().__init__(WRITTEN)

    def offered(self, at_s: float, offer: str, known: int, **otherwise: Any) -> ActionRecord:
        """To a new customer; so many acceptances of the budget were known then."""
        name = WRITTEN["offers"][offer]["budget"]
        says = {"id": name, "units": 2, "hard": name == "few", "accepted": known, **otherwise}
        self.customer = f"c-{self.number}"
        self.does(at_s)
        return self.decided(at_s, offer, budget=says)

    def accepts(self, at_s: float, to: ActionRecord, becomes: str = "accepted") -> None:
        """Who was offered it last accepts."""
        self.does(at_s, "Offer Accepted", decision_id=to.id)
        self.answered(at_s, to, becomes)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_budgets_that_are_sold_as_they_should_be_break_nothing_and_are_counted(shop: Shop) -> None:
    shop.accepts(1, shop.offered(0, "tent", 0))
    shop.accepts(3, shop.offered(2, "lamp", 0))
    old = shop.offered(3, "mat", 1)
    shop.accepts(9, old, "exhausted")
    shop.shard = 1
    shop.accepts(4, shop.offered(3.5, "mat", 0))  # this shard has not been told of the first
    shop.accepts(5, shop.offered(4.5, "lamp", 1))
    shop.accepts(7, shop.offered(6, "lamp", 1))
    findings = shop.checker.end()
    assert broken(findings) == []
    assert findings.slack == []
    few, some = findings.budgets["few"], findings.budgets["some"]
    assert (few.accepted, few.refused, few.decisions, few.above_ms) == (2, 1, 3, [])
    assert (some.accepted, some.refused, some.decisions) == (3, 0, 3)
    assert (some.above_ms, some.decided_ms) == ([2_000], [1_000])
    assert "| `few`, hard | 2 | 2 | 1 | 3 | 0 | - | 0 | - |" in tables(findings)
    assert "| `some` | 2 | 3 | 0 | 3 | 1 | 2,000 / 2,000 / 2,000 | 1 |" in tables(findings)


def test_a_hard_budget_that_two_shards_sell_too_often_together_is_found(shop: Shop) -> None:
    shop.accepts(1, shop.offered(0, "tent", 0))
    shop.accepts(2, shop.offered(1, "mat", 1))
    shop.shard = 1
    shop.accepts(3, shop.offered(1, "tent", 0))
    assert shop.found() == [WITHIN]
    assert "number 3" in shop.checker.findings.places[WITHIN][0]


def test_an_acceptance_that_a_soft_budget_refuses_is_found(shop: Shop) -> None:
    shop.accepts(1, shop.offered(0, "lamp", 0), "exhausted")
    assert shop.found() == [REFUSED]


@pytest.mark.parametrize(
    ("known", "otherwise"),
    [(0, {}), (2, {}), (1, {"id": "some"}), (1, {"units": 3}), (1, {"hard": False})],
    ids=["forgets its own", "is spent", "another budget", "other units", "soft"],
)
def test_a_decision_of_which_the_record_says_what_cannot_be_is_found(
    shop: Shop, known: int, otherwise: dict[str, Any]
) -> None:
    shop.accepts(1, shop.offered(0, "tent", 0))
    shop.shard = 1
    shop.accepts(1, shop.offered(0, "tent", 0))
    shop.shard = 0
    shop.offered(2, "mat", known, **otherwise)
    assert shop.found() == [SPENT]


def test_a_decision_that_knows_of_more_than_all_have_accepted_is_found(shop: Shop) -> None:
    shop.offered(0, "lamp", 1)
    assert shop.found() == [SPENT]


def test_what_was_refused_may_be_accepted_later_and_only_then_it_counts(shop: Shop) -> None:
    made = shop.offered(0, "tent", 0)
    shop.accepts(1, made, "exhausted")
    shop.accepts(2, made, "exhausted")
    shop.accepts(3, made)
    assert broken(shop.checker.findings) == []
    shop.answered(3, made, "exhausted")  # it is accepted already
    assert shop.found() == [ANSWERED]
    assert (shop.checker.findings.budgets["few"].accepted, shop.checker.findings.answers) == (
        1,
        {"accepted": 1},
    )


def test_an_acceptance_that_is_neither_counted_nor_refused_is_missed(shop: Shop) -> None:
    made = shop.offered(0, "tent", 0)
    shop.does(1, "Offer Accepted", decision_id=made.id)
    assert shop.found() == [COUNTED]


def test_a_budget_that_never_bound_is_named(shop: Shop) -> None:
    shop.accepts(1, shop.offered(0, "tent", 0))
    assert shop.checker.end().slack == ["few", "some"]


@pytest.mark.parametrize(
    ("price", "products", "holds"),
    [
        (3.0, ["boots"], True),
        (4.0, ["boots"], True),
        (1.0, ["boots"], False),
        (2.0, ["boots"], False),
        (5.0, ["boots"], False),
        (3.0, ["boat"], False),
        (3.0, [], False),
    ],
    ids=["as before", "newer", "older", "sold out", "never said", "another", "none"],
)
def test_a_decision_of_what_its_shard_must_know_is_not_to_be_sold_is_found(
    price: float, products: list[str], *, holds: bool
) -> None:
    words = [Word(1.0, there=True), Word(2.0, there=False), Word(3.0, there=True)]
    log = Log(
        {"offers": {"walk": {"products": "boots"}}}, {"boots": [*words, Word(4.0, there=True)]}
    )
    log.does(0)
    log.decided(0, "walk", products=["boots"], price=3.0)
    log.does(1)
    log.decided(1, "walk", products=products, price=price)
    assert log.found() == [] if holds else log.found() == [STOCKED]


def test_another_shard_may_have_heard_less() -> None:
    words = {"boots": [Word(1.0, there=True), Word(2.0, there=True)]}
    log = Log({"offers": {"walk": {"products": ["boots"]}}}, words)
    log.does(0)
    log.decided(0, "walk", products=["boots"], price=2.0)
    log.customer, log.shard = "c-2", 1
    log.does(0)
    log.decided(0, "walk", products=["boots"], price=1.0)
    assert log.found() == []


def test_a_bundle_is_refused_as_its_price_names_no_word() -> None:
    with pytest.raises(ValueError, match="expected one at most"):
        Log({"offers": {"walk": {"products": ["boots", "pass"]}}})


def test_without_budgets_nothing_is_said_of_them() -> None:
    findings = Log().checker.end()
    assert not findings.laws.keys() & set(OF_BUDGETS)
    assert "budget" not in tables(findings)
