"""Where a shard begins again, by what is left of its plans and of what they read."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from connectors.kafka.edges import Edge
from connectors.kafka.topics import BROADCAST, DECIDED
from flows.recovery.history import Beginning, History, Rest
from state.fence import Plan, Range

AGAIN = (
    "flush 3 reads a from offset 0 on, those before it had read it up to 9: it was made anew or cut"
)
EDGES = {"a": Edge(0, 1_000), "b": Edge(0, 1_000)}


def plan(commit: int, generation: int = 0, **ranges: tuple[int, int]) -> Plan:
    """A plan that reads these offsets."""
    read = {topic: Range(start, end, end - start) for topic, (start, end) in ranges.items()}
    return Plan(commit, generation, read, commit * 10, "p", "b", 0)


def after_cuts(plan: Plan, **cuts: int) -> Plan:
    """The plan of a shard some of whose topics have lost their ends so often."""
    return structs.replace(plan, cuts=cuts)


def history(
    *plans: Plan, edges: Mapping[str, Edge] = EDGES, spoiled: Mapping[str, int] | None = None
) -> History:
    """What a log tells whose plans lie at offsets 0, 10, 20, ..."""
    told = History(edges, spoiled or {})
    for number, each in enumerate(plans):
        told.add(10 * number, each)
    return told


def begins(told: History, **of_group: int) -> Beginning:
    return told.beginning(of_group, log_end=99, highest_generation=4)


def test_a_whole_log_begins_before_its_first_flush() -> None:
    told = history(plan(1, a=(0, 5)), plan(2, a=(5, 9), b=(3, 4)), edges={**EDGES, "c": Edge(7, 9)})
    assert told.whole
    assert (told.flushes, told.events) == (2, 10)
    assert begins(told) == Beginning(0, 0, 0, 0, {"a": 0, "b": 3, "c": 7}, {})


def test_what_a_shard_is_told_and_what_was_decided_for_who_asks_are_no_events() -> None:
    ranges: dict[str, tuple[int, int]] = {"a": (0, 5), BROADCAST: (0, 7), DECIDED: (2, 3)}
    edges = {**EDGES, BROADCAST: Edge(0, 9), DECIDED: Edge(0, 9)}
    read = {topic: Range(start, end, end - start) for topic, (start, end) in ranges.items()}
    told = history(structs.replace(plan(1), ranges=read), edges=edges)
    assert told.events == 5


def test_repeats_after_a_crash_and_the_late_work_of_another_owner_count_once() -> None:
    first, second = plan(1, a=(0, 5)), plan(2, a=(5, 9))
    told = history(first, second, second, plan(2, a=(5, 7)), first, plan(3, a=(9, 10)))
    assert told.whole
    assert (told.flushes, told.events) == (3, 10)


def test_what_retention_has_taken_of_an_input_is_left_out_with_all_before_it() -> None:
    plans = plan(1, a=(0, 5)), plan(2, b=(0, 4)), plan(3, a=(5, 9)), plan(4, b=(4, 8))
    told = history(*plans, edges={"a": Edge(5, 20), "b": Edge(0, 8)})
    assert not told.whole
    assert begins(told) == Beginning(0, 1, 0, 10, {"a": 5, "b": 0}, {})
    assert told.why == "flush 1 reads a from offset 0 to 5, and it holds 5 to 20"
    told = history(*plans, edges={"a": Edge(6, 20), "b": Edge(0, 8)})
    # Of a what no later flush reads, and is there; b as the flush that is left reads it.
    assert begins(told) == Beginning(0, 3, 0, 30, {"a": 9, "b": 4}, {})
    assert (told.flushes, told.events) == (1, 4)


def test_where_nothing_is_left_to_do_again_it_goes_on_behind_the_last_flush() -> None:
    told = history(plan(7, a=(0, 5)), plan(8, a=(5, 9)), edges={"a": Edge(12, 20)})
    assert begins(told) == Beginning(0, 8, 80, 99, {"a": 12}, {})


def test_a_log_that_lacks_its_beginning_begins_with_its_first_plan() -> None:
    told = history(plan(7, a=(50, 60)), plan(8, b=(30, 40)))
    assert not told.whole
    assert told.why == "the log of plans begins with flush 7"
    assert begins(told) == Beginning(0, 6, 0, 0, {"a": 50, "b": 30}, {})


def test_a_topic_that_no_plan_names_goes_on_where_the_group_was_if_that_is_there() -> None:
    told = history(plan(7, a=(50, 60)), edges={"a": Edge(0, 90), "b": Edge(20, 40)})
    assert begins(told, b=30).positions == {"a": 50, "b": 30}
    assert begins(told, b=19).positions == {"a": 50, "b": 20}
    assert begins(told, b=41).positions == {"a": 50, "b": 20}
    assert begins(told).positions == {"a": 50, "b": 20}


@pytest.mark.parametrize(
    ("third", "why"),
    [
        (plan(4, a=(9, 12)), "the plan of flush 3 is missing"),
        (
            plan(3, a=(0, 3)),
            AGAIN,
        ),
        (plan(3, generation=1, a=(0, 3)), "generation 1 begins with flush 3"),
    ],
)
def test_nothing_before_a_break_is_done_again(third: Plan, why: str) -> None:
    told = history(plan(1, a=(0, 5)), plan(2, a=(5, 9), b=(0, 6)), third)
    assert (told.whole, told.why) == (False, why)
    start = third.ranges["a"].start
    assert begins(told) == Beginning(
        third.generation, third.commit - 1, 0, 20, {"a": start, "b": 6}, {}
    )


def test_a_dropped_flush_is_not_what_a_topic_goes_on_behind() -> None:
    told = history(plan(1, b=(0, 6)), plan(2, a=(0, 5), b=(6, 9)), plan(2, generation=1, a=(0, 2)))
    assert begins(told) == Beginning(1, 1, 0, 20, {"a": 0, "b": 6}, {})


def test_a_generation_that_began_anew_is_whole_by_itself() -> None:
    told = history(plan(1, a=(0, 5)), plan(2, a=(5, 9)), plan(1, generation=1, a=(0, 9)))
    assert told.whole
    assert begins(told) == Beginning(1, 0, 0, 20, {"a": 0, "b": 0}, {})


def test_a_log_without_a_plan_begins_a_generation_above_all_that_was_found() -> None:
    told = history(edges={"a": Edge(3, 20)})
    assert begins(told, a=15) == Beginning(5, 0, 0, 99, {"a": 3}, {})


def test_flushes_that_read_something_else_than_lies_there_now_are_left_out() -> None:
    plans = plan(1, a=(0, 5)), plan(2, a=(5, 9), b=(0, 4)), plan(3, b=(4, 8))
    told = history(*plans, spoiled={"a": 2})
    assert told.why == "what flush 2 read of a is not what lies there now"
    assert begins(told) == Beginning(0, 2, 0, 20, {"a": 0, "b": 4}, {"a": 1})
    assert begins(told, a=7).positions == {"a": 7, "b": 4}


READS = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.integers(1, 5), min_size=1), min_size=1, max_size=12
)


@given(READS, st.data())
def test_what_can_be_done_again_is_done_and_nothing_that_readers_saw_comes_again(
    reads: list[dict[str, int]], data: st.DataObject
) -> None:
    """Whatever retention has taken of the log and of each topic."""
    ends = dict.fromkeys("abc", 0)
    plans = []
    for commit, counts in enumerate(reads, start=1):
        ranges = {topic: (ends[topic], ends[topic] + count) for topic, count in counts.items()}
        ends |= {topic: end for topic, (_, end) in ranges.items()}
        plans.append(plan(commit, 0, **ranges))
    first = data.draw(st.integers(0, len(plans) - 1), label="first plan left")
    lows = {topic: data.draw(st.integers(0, end), label=topic) for topic, end in ends.items()}
    edges = {topic: Edge(low, ends[topic]) for topic, low in lows.items()}
    left = plans[first:]
    told = history(*left, edges=edges)
    at = begins(told, **ends)

    def there(one: Plan) -> bool:
        return all(lows[topic] <= planned.start for topic, planned in one.ranges.items())

    again = [one for one in left if one.commit > at.commit]
    assert all(map(there, again))
    assert told.flushes == len(again)
    before = [one for one in left if one.commit <= at.commit]
    assert not before or not there(before[-1])
    # What is read from here on is what these flushes read, each record of it once.
    heads = dict(at.positions)
    for one in again:
        for topic, planned in one.ranges.items():
            assert heads[topic] == planned.start
            heads[topic] = planned.end
    assert heads == ends
    assert told.whole == (at.commit == 0)


def test_what_an_interrupted_rebuild_has_left_is_counted_without_repeats() -> None:
    rest = Rest(0, 2)
    for one in (plan(2, a=(0, 5)), plan(3, a=(5, 9)), plan(3, a=(5, 9)), plan(4, b=(0, 1))):
        rest.add(0, one)
    assert (rest.flushes, rest.events) == (2, 5)


def test_how_often_a_topic_was_cut_is_told_by_the_last_plan_that_reads_it() -> None:
    """Else what is forwarded from it would be taken for what lay at the same offsets before."""
    told = history(
        plan(1, a=(0, 9), b=(0, 5)),
        after_cuts(plan(2, a=(7, 12)), a=1),
        after_cuts(plan(3, a=(12, 15)), a=1),
        plan(4, b=(5, 6)),
    )
    assert begins(told) == Beginning(0, 1, 0, 10, {"a": 7, "b": 5}, {"a": 1})


def test_where_a_topic_goes_on_below_what_was_read_what_is_forwarded_from_it_is_new() -> None:
    told = history(
        plan(1, a=(0, 9)),
        after_cuts(plan(2, b=(0, 60)), b=2),
        edges={"a": Edge(0, 9), "b": Edge(0, 50)},
    )
    assert begins(told) == Beginning(0, 2, 20, 99, {"a": 9, "b": 0}, {"b": 3})
