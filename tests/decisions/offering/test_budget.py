"""An offer of a budget is made while that is not spent, and accepted while there is a unit."""

import re

import pytest

from decisions.budgets.purse import EMPTY, accept, refuse
from decisions.decide import decide
from decisions.offering.explain import tell
from decisions.playbook import PlaybookError
from decisions.wake import recall
from decisions.world import BARE, World
from state.budget import Handed, Purse
from state.decision import Decision, Spent
from state.fold import fold
from tests.decisions.offering.shop import HEAD, decision_id, offer, served, shop
from tests.decisions.someone import Someone, actions, book, touchpoint

SET = offer("set", 9, "budget: few")
SHOP = "\n".join([SET, offer("club", 1)])
HARD = "budgets: {few: {units: 5, hard: true}}"
SOFT = "budgets: {few: {units: 5}}"
FULL = Purse(Handed(1, 5, 2, 0, 1))
EMPTIED = Purse(Handed(1, 5, 2, 0, 1), accepted=2)
SPENT = Purse(Handed(1, 5, 2, 0, 3), accepted=2)


def world(purse: Purse) -> World:
    return World(budgets={"few": purse})


def comes(
    someone: Someone, known: World, name: str = "Page Viewed", **said: str
) -> Decision | None:
    """An event of the customer, where this is known."""
    someone.now_ms += 1_000
    someone.events += 1
    message = f"m-{someone.events}"
    event = touchpoint(someone.customer_id, message, name, someone.now_ms, dict(said))
    changed = fold(someone.profile, event, someone.playbook.traits)
    if not said:
        someone.profile.playbook = ""  # all is asked anew, whatever the event changed
    return decide(someone.profile, event, changed, someone.playbook, someone.now_ms, known)


def answers(someone: Someone, known: World) -> Decision:
    """They accept the set."""
    decision = comes(someone, known, "Offer Accepted", decision_id=decision_id(someone, "set"))
    assert decision is not None
    return decision


@pytest.mark.parametrize("rest", [HARD, SOFT])
def test_it_is_offered_until_it_is_spent(rest: str) -> None:
    someone = shop(SHOP, rest)
    for purse in (EMPTY, FULL, EMPTIED):
        comes(someone, world(purse))
        assert served(someone) == ["set", "club"]
    comes(someone, world(SPENT))
    assert served(someone) == ["club"]
    comes(someone, BARE)
    assert served(someone) == ["set", "club"]


def test_an_acceptance_spends_a_unit_of_its_budget_once() -> None:
    someone = shop(SHOP, HARD)
    comes(someone, world(FULL))
    one = decision_id(someone, "set")
    decision = answers(someone, world(FULL))
    assert decision.spent == [Spent("few", found=True)]
    assert decision.answers == {"accepted attributed": 1}
    again = comes(someone, world(FULL), "Offer Accepted", decision_id=one)
    assert again is not None
    assert (again.spent, again.answers) == ([], {"accepted repeated": 1})


def test_an_acceptance_that_finds_no_unit_is_told_and_noted_nowhere() -> None:
    someone = shop(SHOP, HARD)
    comes(someone, world(FULL))
    one = decision_id(someone, "set")
    before = someone.profile.proposals[0].accepted_at
    decision = answers(someone, world(EMPTIED))
    assert decision.spent == [Spent("few", found=False)]
    assert decision.answers == {"accepted exhausted": 1}
    (action,) = actions(decision, "offer.answered")
    assert (action.body["answer"], action.body["decision_id"]) == ("exhausted", one)
    assert (before, someone.profile.answers, decision.outcomes) == (0, {}, [])
    assert someone.profile.proposals[0].accepted_at == 0
    assert served(someone) == ["club"], "with that event"
    comes(someone, world(refuse(EMPTIED)))
    assert served(someone) == ["club"]
    later = comes(someone, world(FULL), "Offer Accepted", decision_id=one)
    assert later is not None
    assert later.spent == [Spent("few", found=True)]


def test_of_a_soft_one_what_comes_late_is_accepted_all_the_same() -> None:
    someone = shop(SHOP, SOFT)
    comes(someone, world(FULL))
    assert answers(someone, world(SPENT)).spent == [Spent("few", found=True)]


def test_why_it_is_not_offered_says_how_many_are_accepted_of_how_many() -> None:
    someone = shop(SHOP, HARD)
    for purse, why in (
        (SPENT, "budget few is spent: 5 of 5 are accepted"),
        (
            refuse(EMPTIED),
            "budget few: 3 of 5 are accepted, and none of the others is left in this shard",
        ),
    ):
        found = tell(
            someone.profile, someone.customer_id, someone.playbook, someone.now_ms, world(purse)
        )
        told = next(one for one in found if one.offer == "set")
        assert (told.stage, told.reasons) == ("budget", (why,))


def test_the_record_says_what_was_known_of_the_budget() -> None:
    someone = shop(SHOP, HARD)
    bodies = {
        one.body["offer_id"]: one.body
        for one in actions(comes(someone, world(accept(FULL))), "offer.decided")
    }
    assert bodies["set"]["budget"] == {"id": "few", "units": 5, "hard": True, "accepted": 2}
    assert "budget" not in bodies["club"]


def test_who_is_served_it_is_recalled_as_it_is_spent() -> None:
    someone = shop(SHOP, HARD)
    comes(someone, world(FULL))
    args = (someone.profile, someone.customer_id, someone.playbook, someone.now_ms + 1)
    assert recall(*args, ["budget:another"]) == []
    ((_, decision),) = recall(*args, ["budget:few"])
    assert decision.serving is not None
    assert served(someone) == ["club"]


def test_offers_may_share_a_budget() -> None:
    someone = shop("\n".join([SET, offer("kit", 5, "budget: few")]), HARD)
    comes(someone, world(FULL))
    assert served(someone) == ["set", "kit"]
    comes(someone, world(SPENT))
    assert served(someone) == []


def test_another_budget_makes_another_version_of_an_offer() -> None:
    two = "budgets: {few: {units: 5}, many: {units: 9}}\n"
    made = {
        book(f"{two}offers:\n{offer('x', 1, more)}\n", HEAD).offers["x"].version
        for more in ("", "budget: few", "budget: many")
    }
    assert len(made) == 3


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("{units: -1}", "budgets.few.units; expected a whole number from 0 to"),
        ("{units: .nan}", "budgets.few.units; expected a whole number from 0 to"),
        ("{units: 1.5}", "budgets.few.units; expected a whole number from 0 to"),
        ("{units: 1000000001}", "budgets.few.units; expected a whole number from 0 to"),
        ("{hard: true}", "budgets.few"),
        ("{units: 5, hard: perhaps}", "budgets.few.hard"),
    ],
)
def test_what_no_budget_can_be_is_refused_with_its_place(said: str, why: str) -> None:
    with pytest.raises(PlaybookError, match=re.escape(why)):
        book(f"budgets: {{few: {said}}}\noffers:\n{SHOP}\n", HEAD)


def test_a_budget_that_is_not_there_is_refused() -> None:
    with pytest.raises(PlaybookError, match=re.escape("offers.set.budget")):
        book(f"offers:\n{SHOP}\n", HEAD)
