"""What is remembered of events, by the answers of the functions that look back."""

from typing import Any

import pytest

from decisions.cases.run import run
from decisions.decide import decide
from decisions.history import MAX_TRACKERS, forget_unknown
from decisions.language import compile_condition
from decisions.playbook import NOTHING, PlaybookError
from state.fold import fold
from state.profile import Profile, Tracker, encode_profile
from state.sections import HISTORY
from state.touchpoint import silence
from tests.decisions.memory import SCOPE, Memory
from tests.decisions.someone import DAY_MS, HOUR_MS, MINUTE_MS, START_MS, Someone, book, touchpoint


def test_a_sequence_is_true_from_its_end_on_for_as_long_as_it_may_take() -> None:
    memory = Memory("sequence(event.name == 'A', event.name == 'B', 1h)")
    assert memory.happens("B", START_MS) == 0
    assert memory.happens("A", START_MS + 1) == HISTORY
    assert memory.says(START_MS + 1) == [False]
    end_ms = START_MS + 1 + HOUR_MS
    memory.happens("B", end_ms)
    assert memory.says(end_ms) == memory.says(end_ms + HOUR_MS) == [True]
    assert memory.says(end_ms + HOUR_MS + 1) == [False]
    memory.happens("B", end_ms + HOUR_MS + 2)
    assert memory.says(end_ms + HOUR_MS + 2) == [False]


def test_a_late_end_of_a_sequence_does_not_take_back_a_newer_one() -> None:
    memory = Memory("sequence(event.name == 'A', event.name == 'B', 1h)")
    memory.happens("A", START_MS)
    memory.happens("B", START_MS + HOUR_MS)
    late = touchpoint("c", "m", "B", START_MS + MINUTE_MS)
    assert memory.takes(late, START_MS + HOUR_MS) == 0
    assert memory.says(START_MS + 2 * HOUR_MS) == [True]


@pytest.mark.parametrize(
    ("window", "unit_ms", "before"),
    [
        ("1s", 1_000, 1),
        ("10s", 1_000, 10),
        ("5m", 5_000, 60),
        ("1h", MINUTE_MS, 60),
        ("7d", HOUR_MS, 168),
        ("90d", DAY_MS, 90),
    ],
)
def test_an_event_leaves_a_window_together_with_its_bucket(
    window: str, unit_ms: int, before: int
) -> None:
    memory = Memory(f"count(true, {window})", f"sum(0.5, true, {window})")
    memory.happens("A", START_MS)
    memory.happens("A", START_MS)
    left_ms = (START_MS // unit_ms + before + 1) * unit_ms
    assert memory.says(left_ms - 1) == [2, 1.0]
    assert memory.says(left_ms) == [0, 0.0]


def test_an_event_that_fits_both_ends_one_sequence_and_begins_another() -> None:
    memory = Memory("sequence(event.name == 'A', event.name == 'A', 1h)")
    memory.happens("A", START_MS)
    assert memory.says(START_MS) == [False]
    memory.happens("A", START_MS + HOUR_MS)
    assert memory.says(START_MS + HOUR_MS) == [True]
    assert memory.profile.history.popitem()[1] == Tracker(START_MS + HOUR_MS, START_MS + HOUR_MS)


def test_an_event_for_which_the_inside_is_an_error_or_no_number_does_not_fit() -> None:
    memory = Memory(
        "count(event.properties.n > 1, 1h)",
        "seen(event.properties.flag)",
        "sum(event.properties.n, true, 1h)",
        "sum(10 / event.properties.n, true, 1h)",
        "sum(1.0 / event.properties.n, true, 1h)",
        "sequence(event.properties.flag, event.properties.n > 1, 1h)",
    )
    odd: list[dict[str, Any]] = [{}, {"n": "2", "flag": 1}, {"n": True, "flag": "true"}]
    for properties in odd:
        assert memory.happens("A", START_MS, **properties) == 0
    assert memory.profile.history == {}
    assert memory.happens("A", START_MS, n=0.0, flag=True) == HISTORY
    assert memory.happens("A", START_MS, n=4, flag=False) == HISTORY
    assert memory.says(START_MS) == [1, True, 4.0, 2.0, 0.0, True]


def test_an_event_ahead_of_now_counts_as_of_now() -> None:
    memory = Memory("count(true, 1s)", "since(true)")
    memory.takes(touchpoint("c", "m", "A", START_MS + DAY_MS), START_MS)
    assert memory.says(START_MS) == [1, 0.0]
    assert memory.says(START_MS + DAY_MS) == [0, 86_400.0]


def test_a_late_event_from_before_the_window_changes_nothing() -> None:
    memory = Memory("count(true, 1h)", "sum(1, true, 1h)")
    late = touchpoint("c", "m", "A", START_MS - 2 * HOUR_MS)
    assert memory.takes(late, START_MS) == 0
    assert memory.profile.history == {}


def test_buckets_that_have_left_the_window_are_dropped_with_the_next_event() -> None:
    memory = Memory("count(true, 1h)")
    for minute in range(0, 600, 2):
        memory.happens("A", START_MS + minute * MINUTE_MS)
        (tracker,) = memory.profile.history.values()
        assert len(tracker.recent) <= 61
    assert memory.says(START_MS + 598 * MINUTE_MS) == [31]


def test_time_that_has_passed_is_no_event() -> None:
    memory = Memory("count(true, 1h)", "seen(true)")
    assert memory.takes(silence("c", START_MS, 1), START_MS) == 0
    assert memory.profile.history == {}


def test_an_event_is_asked_only_of_what_may_be_about_it() -> None:
    history = Memory("seen(event.name == 'A')", "seen(event.name == 'B' && true)", "seen(true)")
    about = {name: [one.source for one in history.history.at(name)] for name in "ABC"}
    assert about == {
        "A": ['since((event.name == "A"))', "since(true)"],
        "B": ['since(((event.name == "B") && true))', "since(true)"],
        "C": ["since(true)"],
    }


def test_a_full_tracker_takes_no_more_than_docs_profile_md_says() -> None:
    memory = Memory("count(true, 7d)", "sequence(true, true, 7d)")
    empty = len(encode_profile(memory.profile))
    for hour in range(400):
        for _ in range(2):
            memory.happens("A", START_MS + hour * HOUR_MS)
    assert [len(one.recent) for one in memory.profile.history.values()] == [169, 0]
    assert len(encode_profile(memory.profile)) - empty <= 2 * 33 + 169 * 20


# In a playbook.

LOOKING = """
    segments:
      busy: {title: Busy, when: 'count(event.name == "A", 1h) >= 2'}
    alerts:
      told:
        when: event.name == "A" && count(event.name == "A", 1h) >= 2
        severity: info
        cooldown: 1s
        key: sum(1, event.name == "A", 1h)
        message: seen {since(event.name == "B")}
    """


def test_the_event_at_hand_is_counted_before_any_rule_is_asked() -> None:
    someone = Someone(book(LOOKING))
    someone.does("B")
    assert someone.does("A") is None
    decision = someone.does("A")
    assert decision is not None
    assert [action.body for action in decision.actions][1:] == [
        {"alert": "told", "severity": "info", "message": "seen 2", "key": "2"}
    ]
    assert "busy" in someone.profile.segments
    someone.does("C", after_ms=3 * HOUR_MS)
    assert someone.profile.segments == {}


def test_rules_with_the_same_function_share_what_is_remembered() -> None:
    playbook = book(LOOKING)
    assert [one.source for one in playbook.remembered] == [
        'count((event.name == "A"), 1h)',
        'sum(1, (event.name == "A"), 1h)',
        'since((event.name == "B"))',
    ]
    someone = Someone(playbook)
    someone.does("A")
    assert len(someone.profile.history) == 2


def test_what_another_playbook_does_not_name_is_forgotten_at_the_next_event() -> None:
    someone = Someone(book(LOOKING))
    someone.does("A")
    someone.does("B")
    (kept,) = (one.key for one in someone.playbook.remembered if one.source.startswith("since"))
    someone.playbook = book("""
        segments:
          known: {title: Known, when: 'seen(event.name == "B")'}
          newer: {title: Newer, when: 'seen(event.name == "A")'}
        """)
    someone.does("C")
    assert list(someone.profile.history) == [kept]
    assert list(someone.profile.segments) == ["known"]
    someone.playbook = book("")
    someone.does("C")
    assert someone.profile.history == {}


def test_forgetting_leaves_what_is_still_asked() -> None:
    memory = Memory("seen(true)")
    memory.happens("A", START_MS)
    profile = Profile(history={**memory.profile.history, b"8 bytes.": Tracker(1)})
    forget_unknown(profile, memory.history)
    assert profile.history == memory.profile.history


def test_a_rule_that_reads_history_alone_is_asked_when_that_has_changed() -> None:
    playbook = book("segments: {a: {title: A, when: 'seen(event.name == \"A\")'}}\n")
    someone = Someone(playbook)
    someone.does("B")
    event = touchpoint("c-1", "m-9", "A", someone.now_ms)
    fold(someone.profile, event, {})
    assert decide(someone.profile, event, 0, playbook, someone.now_ms) is not None
    assert list(someone.profile.segments) == ["a"]


def many(count: int) -> str:
    lines = (f"  s{n}: {{title: S, when: 'seen(event.name == \"{n}\")'}}" for n in range(count))
    return "\n".join(["segments:", *lines, ""])


def test_a_playbook_remembers_32_functions_and_refuses_one_more_at_its_place() -> None:
    assert MAX_TRACKERS == 32
    assert len(book(many(32)).remembered) == 32
    with pytest.raises(PlaybookError) as raised:
        book(many(33))
    assert str(raised.value) == (
        "test.yaml:39:26: segments.s32.when; too much to remember of a customer's events; expected "
        "at most 32 different history functions in a playbook, "
        'got one more: since((event.name == "32"))'
    )


def test_functions_beyond_the_32nd_that_are_known_already_are_no_more() -> None:
    again = (
        "alerts: {a: {when: 'seen(event.name == \"3\")', severity: info, cooldown: 1s, message: m}}"
    )
    assert len(book(many(32) + again + "\n").remembered) == 32


def test_a_test_can_expect_only_what_a_rule_asks() -> None:
    cases = """
    tests:
      - name: Busy
        given: [{channel: click, event: A, times: 2}]
        expect:
          segments: [busy]
          profile: {'count(event.name == "A", 60m)': 2}
          that: ['sum(1.0, event.name == "A", 1h) == 2.0']
    """
    with pytest.raises(PlaybookError) as raised:
        book(LOOKING + cases)
    (problem,) = raised.value.problems
    assert "no rule asks this, so it is not remembered" in problem.text
    assert "sum(1.0" in problem.text
    assert len(book(LOOKING + cases.replace("1.0", "1")).cases) == 1


def test_a_segment_may_look_back_at_events_though_it_cannot_look_at_the_event() -> None:
    condition = compile_condition("seen(event.name == 'A')", SCOPE)
    assert condition(Profile(history={condition.history[0].key: Tracker(1)}), NOTHING, 2)
    assert not condition(Profile(), NOTHING, 2)


def test_a_test_that_fails_says_how_much_was_remembered() -> None:
    playbook = book("""
        segments:
          busy:
            title: Busy
            when: |
              count(event.name == "A",
                1h) >= 2
        tests:
          - name: Busy
            given: [{channel: click, event: A}]
            expect: {segments: [busy]}
        """)
    (difference,) = run(playbook.cases[0], playbook).differences
    call = 'count(event.name == "A", 1h)'
    assert difference.rows[0].why == (f"{call} >= 2 is false: {call} = 1",)
