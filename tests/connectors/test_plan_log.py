"""Which begun flushes are to be done again."""

import pytest

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
