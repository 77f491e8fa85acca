"""What becomes of a shard when a topic is accepted that is not the one it was."""

import pytest

from connectors.kafka.edges import Edge
from flows.recovery.recreated import Change, accept_input, accept_log, begun_of
from state.fence import VERSION, Fence, Plan, Position, Range
from state.store.shard_store import Refused

CHAT = "touchpoints.chat"
HELD = Edge(0, 10)
"""What the topic holds as long as nothing has happened to it."""


def plan(commit: int, generation: int = 0, **ranges: tuple[int, int]) -> Plan:
    read = {
        f"touchpoints.{topic}": Range(start, end, end - start)
        for topic, (start, end) in ranges.items()
    }
    return Plan(commit, generation, read, 1_000, "p", "b", 0)


def fence(begun: Plan | None = None, generation: int = 0) -> Fence:
    positions = {CHAT: Position("old", 10, "m"), "touchpoints.click": Position("click", 50, "n")}
    return Fence(VERSION, "me", 1, generation, 2, 4, 900, 100, begun, positions, "log")


def accepted(
    known: Fence, *logged: Plan, topic_id: str = "old", edge: Edge = HELD
) -> tuple[Fence, Change] | None:
    begun = begun_of(known, logged, CHAT)
    return accept_input(3, known, CHAT, topic_id, edge, 140, begun)


def changed(
    known: Fence, *logged: Plan, topic_id: str = "old", edge: Edge = HELD
) -> tuple[Fence, Change]:
    found = accepted(known, *logged, topic_id=topic_id, edge=edge)
    assert found is not None
    return found


def test_a_topic_that_is_the_same_as_before_is_left_alone() -> None:
    assert accepted(fence()) is None
    assert accepted(fence(plan(3, chat=(10, 12))), edge=Edge(10, 12)) is None


def test_a_topic_that_no_shard_has_read_is_nothing_to_accept() -> None:
    begun = begun_of(fence(), [], "touchpoints.new")
    assert accept_input(3, fence(), "touchpoints.new", "id", Edge(5, 9), 140, begun) is None


def test_a_topic_made_anew_is_read_from_its_earliest_event_and_all_else_stays() -> None:
    after, change = changed(fence(), topic_id="new", edge=Edge(4, 20))
    assert after.positions == {**fence().positions, CHAT: Position("new", 4)}
    assert (after.generation, after.commit, after.plan_offset) == (0, 2, 100)
    assert (change.next_offset, change.dropped, change.generation) == (4, 0, None)
    assert "from offset 10 on is lost; how much that was is not known" in str(change)


def test_behind_retention_what_is_lost_is_told_from_where_to_where() -> None:
    after, change = changed(fence(), edge=Edge(15, 20))
    assert after.positions[CHAT] == Position("old", 15)
    assert "has lost offsets 10 to 14, which nobody had read" in str(change)


def test_a_topic_that_was_cut_at_its_end_goes_on_there_so_that_nothing_counts_twice() -> None:
    after, change = changed(fence(), edge=Edge(0, 7))
    assert after.positions[CHAT] == Position("old", 7, cuts=1)
    again, _ = changed(after, edge=Edge(0, 3))
    assert again.positions[CHAT] == Position("old", 3, cuts=2)
    anew, _ = changed(again, topic_id="new", edge=Edge(4, 20))
    assert anew.positions[CHAT] == Position("new", 4)
    assert "has lost offsets 7 to 9 from its end" in str(change)


def test_a_begun_flush_that_does_not_read_the_topic_stays() -> None:
    begun = plan(3, click=(50, 60))
    after, change = changed(fence(begun), begun, topic_id="new")
    assert (after.plan, after.generation, change.dropped) == (begun, 0, 0)


def test_a_begun_flush_that_reads_the_topic_is_dropped_and_a_generation_begins() -> None:
    begun = plan(3, chat=(10, 12), click=(50, 60))
    after, change = changed(fence(begun), begun, topic_id="new")
    assert (after.plan, after.generation, after.commit) == (None, 1, 2)
    assert after.plan_offset == 140
    assert after.positions["touchpoints.click"] == Position("click", 50, "n")
    assert (change.dropped, change.repeated, change.generation) == (1, 10, 1)
    assert "their 10 events of other topics may appear twice" in str(change)


def test_begun_flushes_in_the_log_alone_are_dropped_with_those_behind_them() -> None:
    """Redis came back from the past: the log knows of more than the fence."""
    logged = (
        *(plan(2, click=(40, 50)), plan(3, click=(50, 51)), plan(3, click=(50, 51))),
        *(plan(4, chat=(10, 12)), plan(5, click=(51, 55))),
    )
    after, change = changed(fence(), *logged, topic_id="new")
    assert (change.dropped, change.repeated, after.generation) == (3, 5, 1)


def test_an_end_that_only_a_begun_flush_has_reached_is_cut_where_nothing_was_applied() -> None:
    begun = plan(3, chat=(10, 15))
    after, change = changed(fence(begun), edge=Edge(0, 12))
    assert after.positions[CHAT] == Position("old", 10)
    assert "has lost offsets 12 to 14 from its end" in str(change)
    assert (after.plan, after.generation) == (None, 1)


def test_the_next_generation_is_above_all_that_were_begun() -> None:
    logged = plan(3, generation=5, chat=(10, 12))
    after, _ = changed(fence(generation=4), logged, topic_id="new")
    assert after.generation == 6


def test_a_generation_that_places_have_no_room_for_is_refused() -> None:
    begun = plan(3, generation=63, chat=(10, 12))
    with pytest.raises(Refused, match="expected a generation below 64, got 64"):
        accepted(fence(begun, generation=63), topic_id="new")


def test_a_plan_log_made_anew_is_read_from_its_start_and_the_begun_flush_stays() -> None:
    begun = plan(3, chat=(10, 12))
    found = accept_log(3, fence(begun), "new", Edge(0, 0))
    assert found is not None
    assert (found[0].log_id, found[0].plan_offset, found[0].plan) == ("new", 0, begun)


def test_a_plan_log_that_lost_its_end_goes_on_there() -> None:
    found = accept_log(3, fence(), "log", Edge(0, 80))
    assert found is not None
    assert (found[0].log_id, found[0].plan_offset) == ("log", 80)
    assert "has lost offsets 80 to 99 or more from its end" in str(found[1])


def test_a_plan_log_that_is_the_same_as_before_is_left_alone() -> None:
    assert accept_log(3, fence(), "log", Edge(0, 100)) is None
