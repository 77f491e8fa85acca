"""What functions that look back say, against all that ever happened."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from decisions.language import compile_condition
from decisions.playbook import NOTHING
from state.profile import decode_profile, encode_profile
from tests.decisions.memory import SCOPE, Memory
from tests.decisions.someone import DAY_MS, HOUR_MS, MINUTE_MS, START_MS, touchpoint

WINDOWS = {
    "1s": 1_000,
    "10s": 10_000,
    "5m": 5 * MINUTE_MS,
    "1h": HOUR_MS,
    "25h": 25 * HOUR_MS,
    "7d": 7 * DAY_MS,
    "366d": 366 * DAY_MS,
}
UNITS_S = [1, 5, 15, 60, 300, 900, 3_600, 21_600, 86_400]
SPANS = st.sampled_from([0, 1, 700, 1_000, 4_999, 61_000, 20 * MINUTE_MS, HOUR_MS, DAY_MS])
LATER = st.builds(lambda span, times: span * times, SPANS, st.integers(0, 9))
EARLIER = st.builds(lambda span, times: span * times, SPANS, st.integers(-1, 9))

Happening = tuple[str, int, int, int | None]
"""Name, how long after the one before it is known, how long before that it happened, its number
(quarters); None for an event that has none."""

HAPPENINGS = st.lists(
    st.tuples(st.sampled_from("ABC"), LATER, EARLIER, st.none() | st.integers(-40, 40)), max_size=25
)


def naive(events: list[tuple[int, float]], window_ms: int, now_ms: int) -> tuple[int, float]:
    """Count and sum of (at, value) in a window up to now, as docs/playbook.md says."""
    units = [unit * 1_000 for unit in UNITS_S if unit * 1_000 <= window_ms / 48]
    unit = max(units) if units else 1_000
    before = window_ms // unit + (window_ms % unit > 0)
    inside = [value for at, value in events if at // unit >= now_ms // unit - before]
    return len(inside), sum(inside)


@given(HAPPENINGS, st.sampled_from(sorted(WINDOWS)), LATER)
def test_count_and_sum_are_what_all_events_ever_come_to(
    happenings: list[Happening], window: str, after_ms: int
) -> None:
    memory = Memory(
        f"count(event.name in ['A', 'B'], {window})",
        f"sum(event.properties.n, event.name != 'B', {window})",
    )
    now_ms, counted, summed = START_MS, list[tuple[int, float]](), list[tuple[int, float]]()
    for name, later_ms, earlier_ms, quarters in happenings:
        now_ms += later_ms
        properties = {} if quarters is None else {"n": quarters / 4}
        memory.takes(touchpoint("c", "m", name, now_ms - earlier_ms, properties), now_ms)
        at_ms = min(now_ms - earlier_ms, now_ms)
        if name in "AB":
            counted.append((at_ms, 0.0))
        if name != "B" and quarters is not None:
            summed.append((at_ms, quarters / 4))
        for moment in (now_ms, now_ms + after_ms):
            assert memory.says(moment) == [
                naive(counted, WINDOWS[window], moment)[0],
                naive(summed, WINDOWS[window], moment)[1],
            ]
        memory.profile = decode_profile(encode_profile(memory.profile))


@given(HAPPENINGS)
def test_since_and_seen_are_about_the_newest_event_of_all(happenings: list[Happening]) -> None:
    memory = Memory("since(event.name == 'A')", "seen(event.name == 'A')")
    now_ms, newest = START_MS, 0
    for name, later_ms, earlier_ms, _ in happenings:
        now_ms += later_ms
        memory.takes(touchpoint("c", "m", name, now_ms - earlier_ms), now_ms)
        if name == "A":
            newest = max(newest, min(now_ms - earlier_ms, now_ms))
        since = (now_ms - newest) / 1_000 if newest else None
        assert memory.says(now_ms) == [since, newest > 0]


@given(HAPPENINGS, st.randoms(use_true_random=False))
def test_the_order_in_which_events_come_changes_no_answer_but_a_sequence_s(
    happenings: list[Happening], random: Any
) -> None:
    events, at_ms = [], START_MS
    for name, later_ms, _, quarters in happenings:
        at_ms += later_ms
        events.append(touchpoint("c", "m", name, at_ms, {"n": (quarters or 0) / 4}))
    shuffled = list(events)
    random.shuffle(shuffled)
    answers, profiles = [], []
    for order in (events, shuffled):
        memory = Memory(
            *(f"count(event.name == 'A', {window})" for window in WINDOWS),
            *(f"sum(event.properties.n, event.name == 'A', {window})" for window in WINDOWS),
            *("since(event.name == 'B')", "seen(event.name == 'C')"),
        )
        for event in order:
            memory.takes(event, at_ms)
        answers.append(memory.says(at_ms))
        profiles.append(memory.profile.history)
    assert answers[0] == answers[1]
    assert profiles[0] == profiles[1]


@given(HAPPENINGS, st.sampled_from(["10s", "5m", "1h"]), LATER)
def test_a_sequence_is_complete_by_the_newest_first_part_that_had_come(
    happenings: list[Happening], within: str, after_ms: int
) -> None:
    memory = Memory(f"sequence(event.name in ['A', 'C'], event.name in ['B', 'C'], {within})")
    now_ms, firsts, ends = START_MS, list[int](), list[int]()
    for name, later_ms, earlier_ms, _ in happenings:
        now_ms += later_ms
        memory.takes(touchpoint("c", "m", name, now_ms - earlier_ms), now_ms)
        at_ms = min(now_ms - earlier_ms, now_ms)
        if name in "BC" and firsts and 0 <= at_ms - max(firsts) <= WINDOWS[within]:
            ends.append(at_ms)
        if name in "AC":
            firsts.append(at_ms)
        for moment in (now_ms, now_ms + after_ms):
            recent = [end for end in ends if moment - end <= WINDOWS[within]]
            assert memory.says(moment) == [bool(recent)]


TIMED = [
    "count(event.name == 'A', 1h) >= 2",
    "sum(event.properties.n, event.name != 'B', 10s) > 0.5",
    "count(event.name == 'A', 7d) + count(event.name == 'B', 5m) == 1",
    "seen(event.name == 'A') && since(event.name == 'A') > 20m",
    "since(event.name == 'A') < 1h || since(event.name == 'B') >= 1d",
    "sequence(event.name == 'A', event.name == 'B', 5m)",
    "sequence(event.name == 'A', event.name == 'A', 1h) && !(count(true, 1h) > 3)",
]


@given(st.sampled_from(TIMED), HAPPENINGS, LATER)
def test_no_answer_changes_by_time_alone_before_the_instant_that_is_said(
    source: str, happenings: list[Happening], after_ms: int
) -> None:
    memory, condition = Memory(source), compile_condition(source, SCOPE)
    now_ms = START_MS
    for name, later_ms, earlier_ms, quarters in happenings:
        now_ms += later_ms
        properties = {} if quarters is None else {"n": quarters / 4}
        memory.takes(touchpoint("c", "m", name, now_ms - earlier_ms, properties), now_ms)
    now_ms += after_ms
    answer = memory.says(now_ms)
    for _ in range(80):
        change_ms = condition.changes_at(memory.profile, NOTHING, now_ms)
        if change_ms == 0:
            assert memory.says(now_ms + 400 * DAY_MS) == answer
            break
        assert change_ms > now_ms
        for moment in (change_ms - 1, (now_ms + change_ms) // 2):
            assert memory.says(moment) == answer
        now_ms, answer = change_ms, memory.says(change_ms)
