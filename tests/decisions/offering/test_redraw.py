"""A decision that was learned is drawn again from its record alone, and what is off is remarked."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from decisions.offering.logged import Logged, read_decided
from decisions.offering.recheck import retell
from state.touchpoint import identity
from tests.decisions.offering.logged import changed, published
from tests.decisions.offering.shop import HEAD, offer
from tests.decisions.someone import Someone, book

PLACES = HEAD.replace("offers: 2", "offers: 1")
OFFERS = [offer(name, value, "propensity: 0.2") for name, value in (("a", 3), ("b", 3), ("c", 1))]


def records(policy: str, customers: int = 40) -> list[bytes]:
    """What is decided for each customer first, a third of the time to explore."""
    lines = "\n".join(OFFERS)
    found = book(f"offers:\n{lines}\nlearning: {{policy: {policy}, explore: 33%}}\n", PLACES)
    told = []
    for n in range(customers):
        someone = Someone(found, f"c-{n}")
        told += published(someone, someone.does("Page Viewed"))
    return told


def body(record: bytes) -> dict[str, Any]:
    said: dict[str, Any] = orjson.loads(record)["body"]
    return said


@pytest.mark.parametrize("policy", ["thompson", "greedy", "upper-bound"])
def test_every_decision_is_drawn_again_without_a_remark(policy: str) -> None:
    told = records(policy)
    assert {body(record)["learned"]["explored"] for record in told} == {True, False}
    for record in told:
        assert retell(read_decided(record)).remarks == ()


def test_a_propensity_that_the_beliefs_and_the_seed_do_not_give_is_remarked_on() -> None:
    for record in records("thompson", 5):
        score, propensity = (body(record)["eligible"][name][1] for name in ("score", "propensity"))
        other = orjson.loads(record)
        # In line with all else that is said of that treatment: a millionth, and its score with it.
        other["body"]["eligible"]["propensity"][1] = propensity * (1 - 1e-6)
        other["body"]["eligible"]["score"][1] = score * (1 - 1e-6)
        (remark,) = retell(read_decided(orjson.dumps(other))).remarks
        assert remark.startswith("eligible, rank 2: expected propensity ")


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "seed": lambda learned: f"{int(learned['seed'], 16) ^ 1:016x}",
    "alpha": lambda learned: [learned["alpha"][0] + 1.0, *learned["alpha"][1:]],
    "beta": lambda learned: learned["beta"][1:],
    "explored": lambda learned: not learned["explored"],
    "policy": lambda _: "luck",
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_is_changed_of_what_was_drawn_by_is_remarked_on(name: str) -> None:
    for record in records("thompson", 12):
        learned = body(record)["learned"]
        other: Logged = changed(record, f"body.learned.{name}", CHANGES[name](learned))
        assert retell(other).remarks, name


def test_a_chance_that_is_none_is_remarked_on() -> None:
    for record in records("greedy", 12):
        chance = body(record)["learned"]["chance"]
        for wrong in (None, chance / 2):
            assert retell(changed(record, "body.learned.chance", wrong)).remarks


def test_equal_scores_of_learned_offers_come_by_each_customers_own_order() -> None:
    orders = set()
    for record in records("greedy"):
        said = body(record)
        if said["learned"]["explored"]:
            continue
        customer, first = orjson.loads(record)["customer_id"], said["eligible"]["offer_id"]
        assert first[:2] == sorted("ab", key=lambda name: identity(customer, name))
        orders.add(first[0])
    assert orders == {"a", "b"}
