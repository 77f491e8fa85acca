"""What is handed out, asked back and told, step by step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from decisions.budgets.budget import Budget
from decisions.budgets.ledger import Ledger, settle
from decisions.budgets.purse import EMPTY, accept, has_unit, is_closed, is_spent, refuse, told
from state.budget import Handed, Purse

HARD = Budget("b", 10, hard=True)
SOFT = Budget("b", 10, hard=False)


def know(ledger: Ledger, purses: list[Purse]) -> list[Purse]:
    """The shards, once each is told."""
    return [told(purse, ledger.handed(shard)) for shard, purse in enumerate(purses)]


def handed_out(units: int, shards: int = 4) -> tuple[Ledger, list[Purse]]:
    ledger = settle(Ledger(), Budget("b", units, hard=True), [EMPTY] * shards)
    return ledger, know(ledger, [EMPTY] * shards)


def test_all_is_given_in_equal_portions_and_the_rest_waits() -> None:
    _, purses = handed_out(10)
    assert [purse.held for purse in purses] == [2, 2, 2, 2]
    _, purses = handed_out(3)
    assert [purse.held for purse in purses] == [1, 1, 1, 0]


def test_what_is_the_same_is_told_once() -> None:
    ledger, purses = handed_out(10)
    again = settle(ledger, HARD, purses)
    assert again.number == ledger.number
    assert all(again.handed(n).says_as(ledger.handed(n)) for n in range(4))


def test_the_last_unit_goes_to_where_it_is_wanted() -> None:
    ledger, purses = handed_out(1)
    assert [purse.held for purse in purses] == [1, 0, 0, 0]
    purses[3] = refuse(purses[3])
    budget = Budget("b", 1, hard=True)
    for _ in range(3):
        ledger = settle(ledger, budget, purses)
        purses = know(ledger, purses)
    assert [purse.held for purse in purses] == [0, 0, 0, 1]
    assert not is_closed(purses[3], budget)


def test_a_unit_is_not_asked_back_before_it_has_come() -> None:
    ledger, purses = handed_out(1)
    purses[2], purses[3] = refuse(purses[2]), refuse(purses[3])
    budget = Budget("b", 1, hard=True)
    ledger = settle(ledger, budget, purses)
    purses = know(ledger, purses)
    ledger = settle(ledger, budget, purses)
    for _ in range(2):
        assert (ledger.handed(2).granted, ledger.handed(2).asked) == (1, 0)
        ledger = settle(ledger, budget, purses)
    assert settle(ledger, budget, know(ledger, purses)).handed(2).asked == 1


def test_nobody_is_asked_for_what_nobody_wants() -> None:
    ledger, purses = handed_out(4)
    assert settle(ledger, Budget("b", 4, hard=True), purses) == structs.replace(
        ledger, accounts=settle(ledger, Budget("b", 4, hard=True), purses).accounts
    )
    assert {ledger.handed(n).asked for n in range(4)} == {0}


def test_what_is_told_late_or_twice_changes_nothing() -> None:
    early = Handed(1, 10, 4, 0, 0)
    late = Handed(3, 10, 4, 1, 2)
    purse = told(told(EMPTY, early), late)
    assert purse.returned == 2
    for one in (early, late, Handed(2, 0, 4, 1, 0)):
        assert told(purse, one) == purse


def test_a_shard_that_begins_anew_takes_what_it_had_reported_and_sells_nothing_again() -> None:
    ledger, purses = handed_out(8)
    sold = structs.replace(accept(accept(purses[0])), returned=1)
    purses = [sold, *purses[1:]]
    ledger = settle(ledger, Budget("b", 8, hard=True), purses)
    anew, usual = (told(purse, ledger.handed(0)) for purse in (EMPTY, sold))
    assert (anew.accepted, anew.returned, anew.held) == (2, 1, usual.held)


def test_who_had_to_refuse_offers_again_once_there_is_a_unit() -> None:
    dry = Purse(Handed(1, 4, 1, 0, 0), dry=True)
    assert is_closed(dry, Budget("b", 3, hard=True)), "handed out of more than there are now"
    assert not is_closed(dry, Budget("b", 4, hard=True))


def test_what_was_reported_before_does_not_take_back_what_was_reported_since() -> None:
    ledger, purses = handed_out(10)
    sold = [accept(accept(purses[0])), *purses[1:]]
    after = settle(ledger, HARD, sold)
    assert settle(after, HARD, purses).accepted == 2


def test_fewer_units_are_kept_to_once_the_playbook_says_so() -> None:
    ledger, purses = handed_out(8)
    purses = [accept(purse) for purse in purses]
    fewer = Budget("b", 5, hard=True)
    assert not any(has_unit(purse, fewer) for purse in purses)
    ledger = settle(ledger, fewer, purses)
    purses = know(ledger, purses)
    assert [purse.held for purse in purses] == [0, 0, 0, 0]
    for _ in range(2):
        ledger = settle(ledger, fewer, purses)
        purses = know(ledger, purses)
    assert sum(purse.held for purse in purses) == 1
    none = Budget("b", 3, hard=True)
    assert all(is_spent(purse, none) for purse in purses)
    assert not any(has_unit(purse, none) for purse in purses)


def test_more_units_are_handed_out_once_the_playbook_says_so() -> None:
    ledger, purses = handed_out(4)
    more = Budget("b", 12, hard=True)
    assert all(has_unit(purse, more) for purse in purses)
    purses = [accept(purse) for purse in purses]
    purses = know(settle(ledger, more, purses), purses)
    assert [purse.held for purse in purses] == [2, 2, 2, 2]


def test_what_was_accepted_while_it_was_soft_counts_once_it_is_hard() -> None:
    purses = [Purse(accepted=8), EMPTY, EMPTY, EMPTY]
    ledger = settle(Ledger(), SOFT, purses)
    assert [ledger.handed(n).granted for n in range(4)] == [0] * 4
    assert [ledger.handed(n).others for n in range(4)] == [0, 8, 8, 8]
    for _ in range(3):
        ledger = settle(ledger, HARD, purses)
        purses = know(ledger, purses)
    assert sum(purse.held for purse in purses if purse.held > 0) == 2


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_a_soft_one_is_spent_by_what_is_told_and_what_is_known_here(
    units: int, others: int, own: int
) -> None:
    purse = Purse(Handed(1, units, 0, 0, others), accepted=own)
    budget = Budget("b", units, hard=False)
    assert is_closed(purse, budget) == (others + own >= units)
    assert has_unit(purse, budget), "what was offered is taken, though it be too many"


@pytest.mark.parametrize("hard", [True, False])
def test_nothing_is_known_at_first_and_nothing_is_sold_of_a_hard_one(hard: bool) -> None:
    budget = Budget("b", 1, hard=hard)
    assert not is_closed(EMPTY, budget)
    assert has_unit(EMPTY, budget) == (not hard)
