"""Which begun flushes are to be done again."""

import pytest
from msgspec import structs

from connectors.kafka.plan_log import to_do
from state.fence import Plan, Range, decode_plan, encode_plan


def plan(commit: int, mark: int = 0) -> Plan:
    return Plan(commit, 0, {"t": Range(0, 5, 5)}, 1_000 + mark, "p", "b", mark)


def test_a_plan_reads_back_as_it_was_written() -> None:
    assert decode_plan(encode_plan(plan(3))) == plan(3)
    assert encode_plan(plan(3)) == encode_plan(decode_plan(encode_plan(plan(3))))


def test_plans_that_are_committed_are_left_alone() -> None:
    assert to_do(None, [plan(1), plan(2)], committed=2) == []


def test_plans_after_the_last_commit_come_in_order() -> None:
    assert to_do(None, [plan(3), plan(4)], committed=2) == [plan(3), plan(4)]


def test_the_fence_s_own_plan_comes_first() -> None:
    assert to_do(plan(3), [plan(3, mark=1), plan(4)], committed=2) == [plan(3), plan(4)]


def test_of_a_number_that_stands_twice_the_first_in_the_log_wins() -> None:
    assert to_do(None, [plan(3, mark=1), plan(3, mark=2)], committed=2) == [plan(3, mark=1)]


def test_a_hole_is_named() -> None:
    with pytest.raises(ValueError, match="plan 3 is missing, plan 4 is there"):
        to_do(None, [plan(4)], committed=2)


def of(generation: int, commit: int) -> Plan:
    return structs.replace(plan(commit, mark=generation), generation=generation)


def test_a_higher_generation_takes_the_place_of_what_was_begun_from_its_first_plan_on() -> None:
    logged = [of(0, 3), of(0, 4), of(0, 5), of(1, 4), of(0, 5), of(1, 5)]
    assert to_do(None, logged, committed=2) == [of(0, 3), of(1, 4), of(1, 5)]


def test_plans_of_a_generation_that_was_given_up_are_left_alone() -> None:
    assert to_do(None, [of(0, 3), of(0, 4)], committed=2, generation=1) == []


def test_a_generation_that_begins_before_what_is_committed_is_named() -> None:
    with pytest.raises(ValueError, match="plan 2 of generation 1 is there, and plan 4 of gen"):
        to_do(None, [of(1, 2)], committed=4)
