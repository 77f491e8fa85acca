"""How far a shard's clock is: by what came, and by what is known to be complete."""

from collections.abc import Collection
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from flows.processor.reach import Completeness, Reach, completeness
from state.fence import Plan
from state.watermark import ALLOWED_DISORDER_MS, SETTLE_MS

CLICK, CHAT = "touchpoints.click", "touchpoints.chat"
NOW_MS = 1_800_000_000_000


def plan(complete_ms: int, behind: list[str]) -> Plan:
    return Plan(1, 0, {}, NOW_MS, "v", "b", 0, complete_ms=complete_ms, behind=behind)


def known(
    nexts: dict[str, int],
    left: Collection[str],
    ends: dict[str, tuple[int, int]],
    read_ms: int = NOW_MS,
) -> Completeness:
    return completeness(nexts, left, ends, NOW_MS, read_ms)


def test_a_topic_that_is_planned_up_to_its_end_is_complete_now() -> None:
    ends = {CLICK: (12, NOW_MS - 60_000)}
    assert known({CLICK: 12}, (), ends).complete_ms == NOW_MS - SETTLE_MS
    assert known({CLICK: 11}, (), ends).behind == []  # a transaction's mark is there


def test_a_topic_that_has_grown_since_its_end_was_seen_was_complete_then() -> None:
    lately = known({CLICK: 15}, (), {CLICK: (12, NOW_MS - 900)})
    assert (lately.complete_ms, lately.behind) == (NOW_MS - 900 - SETTLE_MS, [])
    once = known({CLICK: 15}, (), {CLICK: (12, NOW_MS - 9_000)})
    assert (once.complete_ms, once.behind) == (NOW_MS - SETTLE_MS, [CLICK])


def test_after_a_pause_a_topic_at_its_end_is_complete_as_of_before_the_pause() -> None:
    ends = {CLICK: (12, NOW_MS - 90_000)}
    paused = known({CLICK: 12}, (), ends, read_ms=NOW_MS - 60_000)
    assert (paused.complete_ms, paused.behind) == (NOW_MS - 60_000 - SETTLE_MS, [])
    seen_since = known({CLICK: 12}, (), {CLICK: (12, NOW_MS - 100)}, read_ms=NOW_MS - 60_000)
    assert seen_since.complete_ms == NOW_MS - 100 - SETTLE_MS


def test_a_topic_of_which_some_is_left_before_its_end_is_behind() -> None:
    assert known({CLICK: 11}, {CLICK}, {CLICK: (20, NOW_MS)}).behind == [CLICK]
    assert known({CLICK: 11}, (), {}).behind == [CLICK]


class Came(NamedTuple):
    """An event."""

    topic: str
    at_ms: int


events = st.lists(
    st.builds(
        Came, st.sampled_from((CLICK, CHAT)), st.integers(NOW_MS - 100_000, NOW_MS + 100_000)
    ),
    max_size=30,
)
plans = st.builds(
    plan,
    st.integers(NOW_MS - 50_000, NOW_MS),
    st.sampled_from(([], [CLICK], [CHAT], [CHAT, CLICK])),
)


def go(reach: Reach, came: list[Came]) -> list[int]:
    found = []
    for event in came:
        found.append(reach.at(event.topic, event.at_ms))
        reach.accept(event.topic, event.at_ms)
    return found


@given(plans, events, st.integers(0, 30))
def test_how_events_are_cut_into_plans_does_not_matter(
    all_of: Plan, came: list[Came], cut: int
) -> None:
    whole = Reach(all_of, {}, 0)
    at_once = go(whole, came)
    first = Reach(all_of, {}, 0)
    before = go(first, came[:cut])
    second = Reach(all_of, first.newest_ms, first.at("", 0))
    assert before + go(second, came[cut:]) == at_once
    assert second.after() == whole.after()


@given(plans, events, st.integers(0, NOW_MS))
def test_the_clock_never_goes_back_nor_beyond_what_is_complete_nor_passes_who_is_behind(
    known: Plan, came: list[Came], before_ms: int
) -> None:
    reach = Reach(known, {}, before_ms)
    found = [before_ms, *go(reach, came), reach.after()]
    assert found == sorted(found)
    assert found[-1] <= max(before_ms, known.complete_ms) == reach.limit_ms
    for topic in known.behind:
        newest = max([0, *(event.at_ms for event in came if event.topic == topic)])
        assert found[-1] <= max(before_ms, newest - ALLOWED_DISORDER_MS)


def test_an_event_says_that_what_is_due_before_it_is_due() -> None:
    reach = Reach(plan(NOW_MS, [CLICK]), {}, 0)
    assert reach.at(CLICK, NOW_MS - 1_000) == NOW_MS - 1_000 - ALLOWED_DISORDER_MS
    assert reach.at(CHAT, NOW_MS - 1_000) == 0  # nothing is known of click yet
    reach.accept(CHAT, NOW_MS)
    assert reach.at(CLICK, NOW_MS - 9_000) == NOW_MS - 9_000 - ALLOWED_DISORDER_MS


def test_what_was_forwarded_moves_nothing() -> None:
    reach = Reach(plan(NOW_MS, []), {CLICK: NOW_MS - 60_000}, 0)
    assert reach.at("", 0) == NOW_MS - 60_000 - ALLOWED_DISORDER_MS
    reach.accept("", NOW_MS)
    assert reach.at("", 0) == NOW_MS - 60_000 - ALLOWED_DISORDER_MS
