"""Laws of alerts, whatever happens and whenever: each held against all that has happened so far."""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.alerting.memory import MAX_REMEMBERED, WATCH_BYTES
from state.profile import Profile, encode_profile
from tests.decisions.in_time import InTime, Told
from tests.decisions.someone import MINUTE_MS, book

WITHIN = 10 * MINUTE_MS


class Deed(NamedTuple):
    """An event: how long after the one before it comes, and how long before that it happened."""

    after_ms: int
    late_ms: int
    name: str
    key: str


def deeds(*names: str, late: bool = False, keys: str = "kl") -> st.SearchStrategy[list[Deed]]:
    waits = st.sampled_from([0, 1, MINUTE_MS, WITHIN - 1, WITHIN, WITHIN + 1, 3 * WITHIN])
    lates = waits if late else st.just(0)
    one = st.builds(Deed, waits, lates, st.sampled_from(names), st.sampled_from(keys))
    return st.lists(one, max_size=25)


def alert(lines: str, cooldown: str = "1s") -> InTime:
    body = "".join(f"    {line.strip()}\n" for line in lines.strip().splitlines())
    return InTime(
        book(
            "alerts:\n  a:\n    severity: info\n    message: m\n    key: event.properties.key\n"
            f"    cooldown: {cooldown}\n{body}"
        )
    )


Happened = tuple[int, int, str, str]
"""When it came, when it happened, name and key."""


def play(someone: InTime, history: list[Deed]) -> list[Happened]:
    """What happened, after all of it did; the last one is long ago by then."""
    now, found = 100 * WITHIN, []
    for deed in history:
        now += deed.after_ms
        at = now - deed.late_ms
        someone.at(at, deed.name, {"key": deed.key}, late_ms=deed.late_ms)
        found.append((now, at, deed.name, deed.key))
    someone.passes(now + 1000 * WITHIN)
    return found


def raised(someone: InTime) -> list[tuple[int, str]]:
    return [(at, name[2:]) for at, kind, name in someone.told if kind == "raised"]


def cooled(found: list[tuple[int, str]], cooldown_ms: int = 1_000) -> list[tuple[int, str]]:
    """Those that are left when each is silent for a while afterwards."""
    last: dict[str, int] = {}
    kept = []
    for at, key in found:
        if key not in last or at - last[key] >= cooldown_ms:
            last[key] = at
            kept.append((at, key))
    return kept


THRESHOLD = "event: A\nthreshold: {count: 3, within: 10m}"


@given(deeds("A", "B"))
def test_a_sliding_window_is_exact(history: list[Deed]) -> None:
    someone = alert(THRESHOLD)
    happened = play(someone, history)
    expected = []
    for number, (now, at, name, key) in enumerate(happened):
        window = [
            before
            for _, before, other, its in happened[: number + 1]
            if other == "A" and its == key and at - WITHIN <= before <= at
        ]
        if name == "A" and len(window) >= 3:
            expected.append((now, key))
    assert raised(someone) == cooled(expected)


@given(deeds("A", late=True))
def test_a_late_event_is_counted_with_the_newest_of_the_others(
    history: list[Deed],
) -> None:
    someone = alert(THRESHOLD)
    known: dict[str, list[int]] = {"k": [], "l": []}
    forgotten_at = {"k": 0, "l": 0}
    expected = []
    for now, at, _, key in play(someone, history):
        if now > forgotten_at[key]:  # nothing has come for as long as the window
            known[key] = []
        forgotten_at[key] = max(forgotten_at[key], now + WITHIN)
        together = [*sorted(known[key])[-2:], at]
        known[key].append(at)
        if len(together) == 3 and max(together) - min(together) <= WITHIN:
            expected.append((now, key))
    assert raised(someone) == cooled(expected)


@given(deeds("A", "B", "C"))
def test_a_rate_is_that_of_the_window_by_all_that_happened(history: list[Deed]) -> None:
    someone = alert(
        """event: A
        rate: {of: 'event.name in ["A", "B"]', share: 60%, at_least: 3, within: 10m}"""
    )
    happened = play(someone, history)
    expected = []
    for number, (now, at, name, key) in enumerate(happened):
        window = [
            other
            for _, before, other, its in happened[: number + 1]
            if other in "AB" and its == key and at - WITHIN <= before
        ]
        if name in "AB" and len(window) >= 3 and window.count("A") >= 0.6 * len(window):
            expected.append((now, key))
    assert raised(someone) == cooled(expected)


def absent(happened: list[Happened], key: str, *, restart: bool) -> list[int]:
    """When something was not there in time, event after event."""
    found, armed = [], None
    for now, _, name, its in happened:
        if armed is not None and armed + WITHIN <= now:
            found.append(armed + WITHIN)
            armed = None
        if its != key:
            continue
        if name == "B":
            armed = None
        elif name == "A" and (armed is None or restart):
            armed = now
    return found + ([armed + WITHIN] if armed is not None else [])


@pytest.mark.parametrize("restart", [False, True])
def test_absence_is_what_is_not_there_in_time(restart: bool) -> None:
    @given(deeds("A", "B"))
    def law(history: list[Deed]) -> None:
        flag = str(restart).lower()
        lines = f'event: A\nabsence: {{of: event.name == "B", within: 10m, restart: {flag}}}'
        someone = alert(lines)
        happened = play(someone, history)
        expected = sorted(
            (at, key) for key in "kl" for at in absent(happened, key, restart=restart)
        )
        assert sorted(raised(someone)) == sorted(cooled(expected))

    law()


moments = st.integers(1, WITHIN - 1)


@given(moments, moments.flatmap(lambda at: st.sampled_from([at, at - 1, at + 1])), moments)
def test_which_of_two_comes_first_makes_no_difference_before_the_time_is_over(
    a: int, near: int, far: int
) -> None:
    lines = 'event: A\nabsence: {of: event.name == "B", within: 10m}'
    for b in {near, far} - {a}:
        expected = [] if b > a else [(a + WITHIN, "k")]
        for order in ((("A", a), ("B", b)), (("B", b), ("A", a))):
            someone = alert(lines)
            for name, at in order:
                someone.at(at, name, {"key": "k"}, late_ms=WITHIN - at)
            someone.passes(9 * WITHIN)
            assert raised(someone) == expected


@given(deeds("A", "B"))
def test_a_sequence_is_the_newest_first_event_and_then_the_second_within_the_time(
    history: list[Deed],
) -> None:
    someone = alert('event: A\nsequence: {then: event.name == "B", within: 10m}')
    happened = play(someone, history)
    expected = []
    armed: dict[str, int] = {}
    for now, at, name, key in happened:
        if name == "A":
            armed[key] = at
        elif key in armed and at - armed.pop(key) <= WITHIN:
            expected.append((now, key))
    assert raised(someone) == cooled(expected)


EVERYTHING = [
    THRESHOLD,
    'event: A\nrate: {of: \'event.name in ["A", "B"]\', share: 50%, at_least: 2, within: 10m}',
    'event: A\nabsence: {of: event.name == "B", within: 10m}',
    'event: A\nabsence: {of: event.name == "B", within: 10m, restart: true}',
    'event: A\nsequence: {then: event.name == "B", within: 10m}',
    "event: A",
]
UNTIL = '\nuntil: event.name == "C"'
QUIET = '\nuntil: now - profile.last_at > duration("15m")'
STEPS = "\nescalate: [{after: 5m}, {after: 12m, severity: critical}]"
NAMES = ("A", "B", "C", "Alert Acknowledged")


def lawful(law: Callable[[str, list[Deed]], None]) -> Callable[[str], None]:
    """The law for alerts of every kind, with or without an end and steps."""

    @pytest.mark.parametrize("lines", [a + b for a in EVERYTHING for b in ("", UNTIL, QUIET)])
    def held(lines: str) -> None:
        @settings(max_examples=25)
        @given(deeds(*NAMES, late=True))
        def each(history: list[Deed]) -> None:
            law(lines + STEPS, history)

        each()

    held.__doc__ = law.__doc__
    return held


def subjects(told: list[Told], *kinds: str) -> dict[str, list[tuple[int, str]]]:
    found: dict[str, list[tuple[int, str]]] = {}
    for at, kind, subject in told:
        if kind in kinds:
            found.setdefault(subject, []).append((at, kind))
    return found


@lawful
def test_a_cooldown_is_never_broken(lines: str, history: list[Deed]) -> None:
    someone = alert(lines, cooldown="10m")
    play(someone, history)
    for each in subjects(someone.told, "raised").values():
        times = [at for at, _ in each]
        assert all(later - at >= WITHIN for at, later in pairwise(times))


@lawful
def test_raised_and_cleared_take_turns(lines: str, history: list[Deed]) -> None:
    someone = alert(lines)
    play(someone, history)
    for each in subjects(someone.told, "raised", "cleared").values():
        kinds = [kind for _, kind in each]
        if "until" in lines:
            assert kinds == ["raised", "cleared"] * (len(kinds) // 2) + ["raised"] * (
                len(kinds) % 2
            )
            assert QUIET not in lines or kinds[-1] == "cleared"  # all is quiet by now
        else:
            assert "cleared" not in kinds


@lawful
def test_each_step_is_taken_at_most_once_a_time_and_never_after_somebody_looks(
    lines: str, history: list[Deed]
) -> None:
    someone = alert(lines)
    play(someone, history)
    open_at: dict[str, int | None] = {}
    steps: dict[str, int] = {}
    for at, action in someone.published:
        key = str(action.body.get("key"))
        if action.kind == "alert.raised":
            if open_at.get(key) is None or steps[key] == 2:
                open_at[key], steps[key] = at, 0
        elif action.kind == "alert.escalated":
            since = open_at[key]
            assert since is not None
            steps[key] += 1
            assert action.body["step"] == steps[key]
            assert at == since + (5, 12)[steps[key] - 1] * MINUTE_MS
        else:  # cleared, or somebody looks
            open_at[key] = None
    if not any(deed.name == "Alert Acknowledged" for deed in history) and "until" not in lines:
        assert all(step == 2 for step in steps.values())


@lawful
def test_time_in_one_jump_or_in_many_is_the_same(lines: str, history: list[Deed]) -> None:
    jump, steps = alert(lines), alert(lines)
    now = 100 * WITHIN
    for deed in history:
        begin, now = now, now + deed.after_ms
        for at in range(begin, now, WITHIN // 4):
            steps.passes(at)
            steps.asks(at)
        for someone in (jump, steps):
            properties = {"key": deed.key, "alert": "a"}
            someone.at(now - deed.late_ms, deed.name, properties, late_ms=deed.late_ms)
    for at in range(now, now + 5 * WITHIN, WITHIN // 4):
        steps.passes(at)
    for someone in (jump, steps):
        someone.passes(now + 9 * WITHIN)
    assert jump.told == steps.told
    assert jump.profile.alerts == steps.profile.alerts


@lawful
def test_afterwards_nothing_is_due_any_more(lines: str, history: list[Deed]) -> None:
    someone = alert(lines)
    play(someone, history)
    before = someone.told
    someone.asks(someone.now_ms)
    assert someone.told == before
    due_at = someone.profile.due_at
    assert due_at == 0 or due_at > someone.now_ms


@lawful
def test_two_keys_do_not_know_of_each_other(lines: str, history: list[Deed]) -> None:
    if QUIET in lines:
        return  # that asks about the customer, not about the key
    both, one = alert(lines), alert(lines)
    play(both, history)
    now = 100 * WITHIN
    for deed in history:
        now += deed.after_ms
        if deed.key == "k":
            one.at(now - deed.late_ms, deed.name, {"key": "k"}, late_ms=deed.late_ms)
    one.passes(now + 1000 * WITHIN)
    assert [told for told in both.told if told[2] == "a:k"] == one.told


@settings(max_examples=20)
@given(deeds(*NAMES, late=True, keys="abcdefghijklmnopqrstuvwxyz"), st.sampled_from(EVERYTHING))
def test_what_is_remembered_is_bounded(history: list[Deed], lines: str) -> None:
    someone = alert(lines + UNTIL + STEPS)
    now = 0
    for deed in history * 4:
        now += deed.after_ms % 1_000
        key = f"{deed.key}{someone.events % 7}" * 20
        someone.at(now, deed.name, {"key": key})
        watches = someone.profile.watches
        assert len(watches) <= MAX_REMEMBERED
        size = len(encode_profile(Profile(watches=watches))) - len(encode_profile(Profile()))
        assert size <= WATCH_BYTES
