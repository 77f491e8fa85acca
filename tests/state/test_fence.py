"""Where a shard stands once a plan is committed."""

from state.fence import VERSION, Fence, Plan, Position, Range, advance, decode_plan, encode_plan


def test_a_commit_moves_a_shard_past_the_gaps_in_its_plan_too() -> None:
    """Compaction and transactions leave offsets without a record."""
    positions = {"a": Position("id a", 10, "m9", 2), "b": Position("id b", 7)}
    plan = Plan(5, 0, {"a": Range(10, 20, 3)}, 1_000, "p", "b", 42)
    fence = advance(Fence(VERSION, "me", 1, 0, 4, 16, 900, 0, plan, positions), plan)
    assert fence.positions == {"a": Position("id a", 20, "m9", 2), "b": Position("id b", 7)}
    assert (fence.commit, fence.now_ms, fence.plan) == (5, 1_000, None)


def test_a_plan_names_the_cuts_of_its_topics_and_nothing_where_there_are_none() -> None:
    plan = Plan(5, 0, {"a": Range(10, 20, 3)}, 1_000, "p", "b", 42)
    assert b"cuts" not in encode_plan(plan)
    cut = Plan(5, 0, {"a": Range(10, 20, 3)}, 1_000, "p", "b", 42, {"a": 1})
    assert decode_plan(encode_plan(cut)).cuts == {"a": 1}
