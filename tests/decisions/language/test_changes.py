"""When the answer of a condition may change by time alone: to the millisecond, or why not."""

from typing import Any

import pytest

from decisions.language import (
    DOUBLE,
    EvaluationError,
    ExpressionError,
    Scope,
    compile_changes,
    compile_condition,
)
from decisions.language.fields import FIELDS
from state.decay import HALF_LIFE_MS
from state.profile import CartLine, Interest, Profile, Tracker
from state.sections import NOW

NOW_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
DAY_MS = 86_400_000
TODAY = NOW_MS // DAY_MS
SCOPE = Scope({"score": DOUBLE}, ["vip"], event=False)
NEVER = 0
NO_EVENT: Any = None


def changes(source: str, profile: Profile, now_ms: int = NOW_MS) -> int:
    condition = compile_condition(source, SCOPE)
    assert not condition.timely
    return condition.changes_at(profile, NO_EVENT, now_ms)


def ordered(at_ms: int) -> Profile:
    profile = Profile()
    profile.orders.last_at = at_ms
    return profile


@pytest.mark.parametrize(
    ("operator", "said"),
    [
        # What is said 0, 999, 1000 and 1001 ms after the order.
        ("<", [1000, 1000, NEVER, NEVER]),
        (">=", [1000, 1000, NEVER, NEVER]),
        ("<=", [1001, 1001, 1001, NEVER]),
        (">", [1001, 1001, 1001, NEVER]),
        ("==", [1000, 1000, 1001, NEVER]),
        ("!=", [1000, 1000, 1001, NEVER]),
    ],
)
@pytest.mark.parametrize(
    ("form", "mirrored"),
    [
        ("now - profile.orders.last_at {} duration('1s')", False),
        ("now {} profile.orders.last_at + duration('1s')", False),
        ("now - duration('1s') {} profile.orders.last_at", False),
        ("duration('1s') {} now - profile.orders.last_at", True),
        ("profile.orders.last_at - now {} duration('-1s')", True),
        ("profile.orders.last_at + duration('1s') {} now", True),
    ],
)
def test_a_time_is_crossed_at_the_millisecond(
    form: str, mirrored: bool, operator: str, said: list[int]
) -> None:
    mirror = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
    source = form.format(mirror.get(operator, operator) if mirrored else operator)
    waits = [NOW_MS + ms if ms else NEVER for ms in said]
    asked = [NOW_MS + ms for ms in (0, 999, 1000, 1001)]
    assert [changes(source, ordered(NOW_MS), now_ms) for now_ms in asked] == waits


def test_a_time_that_runs_twice_as_fast_is_crossed_at_half_the_way() -> None:
    profile = ordered(NOW_MS)
    twice = "now + (now - profile.orders.last_at)"
    for operator, ms in {">": 5, ">=": 5, "<": 5, "<=": 5, "==": NEVER}.items():
        source = f'{twice} {operator} profile.orders.last_at + duration("9ms")'
        assert changes(source, profile) == (NOW_MS + ms if ms else NEVER)
    for operator, ms in {">": 6, ">=": 5, "<": 5, "<=": 6, "==": 5}.items():
        source = f'{twice} {operator} profile.orders.last_at + duration("10ms")'
        assert changes(source, profile) == NOW_MS + ms
    for source in ("now - profile.orders.last_at < now - profile.first_at", "now == now"):
        assert changes(source, profile) == NEVER


def test_an_order_leaves_the_window_at_the_midnight_after_90_days() -> None:
    profile = Profile()
    profile.orders.recent = [(TODAY - 91, 5.0, 1), (TODAY - 90, 6.0, 1), (TODAY, 7.0, 1)]
    for name in ("value_90d > 10.0", "count_90d > 1"):
        source = f"profile.orders.{name}"
        condition = compile_condition(source, SCOPE)
        asked = [NOW_MS, NOW_MS + DAY_MS - 1, NOW_MS + DAY_MS, NOW_MS + 91 * DAY_MS]
        first, last = NOW_MS + DAY_MS, NOW_MS + 91 * DAY_MS
        assert [changes(source, profile, now_ms) for now_ms in asked] == [first, first, last, NEVER]
        answers = [condition(profile, NO_EVENT, first + ms) for ms in (-1, 0)]
        assert answers == [True, False]
    assert changes("profile.orders.value_90d > 10.0", Profile()) == NEVER


@pytest.mark.parametrize(
    ("source", "wait_ms"),
    [
        ('profile.affinity["a"] >= 8.0', HALF_LIFE_MS + 1),
        ('profile.affinity["a"] < 8.0', HALF_LIFE_MS + 1),
        ('profile.affinity["a"] > 8.0', HALF_LIFE_MS),
        ('8.0 >= profile.affinity["a"]', HALF_LIFE_MS),
        ('profile.affinity["a"] == 8.0', HALF_LIFE_MS),
        ('profile.affinity["a"] != 4.0', 2 * HALF_LIFE_MS),
        ('profile.affinity["a"] >= 16.0', 1),
        ('profile.affinity["a"] == 16.0', 1),
        ('profile.affinity["a"] > 16.0', NEVER),
        ('profile.affinity["a"] > 17.0', NEVER),
        ('profile.affinity["a"] > 0.0', NEVER),
        ('profile.affinity["a"] > -1.0', NEVER),
        ('profile.affinity["none"] >= 8.0', NEVER),
        ('profile.affinity["a"] + profile.affinity["b"] > 10.0', HALF_LIFE_MS),
        ('profile.affinity["a"] - profile.affinity["b"] > 6.0', HALF_LIFE_MS),
        ('profile.affinity["a"] * 2.0 - profile.affinity["b"] / 2.0 > 15.0', HALF_LIFE_MS),
        ('-profile.affinity["a"] < -8.0', HALF_LIFE_MS),
        ('("vip" in segments ? profile.affinity["b"] : profile.affinity["a"]) > 8.0', HALF_LIFE_MS),
        ('profile.affinity["a"] > profile.affinity["b"] * 2.0', NEVER),
        ('profile.affinity["b"] / profile.affinity["a"] < 0.5', NEVER),
        ("profile.cart.categories.exists(c, profile.affinity[c] > 8.0)", HALF_LIFE_MS),
        ('profile.affinity["a"] > customer.score', NEVER),
    ],
)  # fmt: skip - one case a line
def test_a_score_fades_below_a_number_at_the_millisecond(source: str, wait_ms: int) -> None:
    profile = Profile(
        affinity={"a": Interest(16.0, NOW_MS), "b": Interest(8.0, NOW_MS - HALF_LIFE_MS)}
    )
    profile.cart.lines = {"p": CartLine(1, 1.0, "none"), "q": CartLine(1, 1.0, "a")}
    early = changes(source, profile)
    # Far off it is said a moment early, and to the millisecond when asked again then.
    said = changes(source, profile, early) if early > NOW_MS + 1_000 else early
    assert said == (NOW_MS + wait_ms if wait_ms else NEVER)
    condition = compile_condition(source, SCOPE)
    if wait_ms:
        assert said - 3 <= early <= said
        answers = [condition(profile, NO_EVENT, ms) for ms in (NOW_MS, said - 1, said)]
        assert answers[0] == answers[1] != answers[2]


def test_scores_of_which_one_is_from_later_than_now_do_not_change_places() -> None:
    profile = Profile(
        affinity={"a": Interest(8.0, NOW_MS - 1), "b": Interest(8.0, NOW_MS + 300_000)}
    )
    for source in (
        'profile.affinity["a"] < profile.affinity["b"]',
        'profile.affinity["a"] - profile.affinity["b"] < 0.0',
        'profile.affinity["a"] / profile.affinity["b"] < 1.0',
        'profile.affinity["a"] + -profile.affinity["b"] < 0.0',
        'profile.affinity["a"] + profile.affinity["b"] * (1.0 - 2.0) < 0.0',
        'profile.affinity["a"] + ("vip" in segments ? 1.0 : -1.0) * profile.affinity["b"] < 0.0',
        'profile.affinity["a"] + (true ? -profile.affinity["b"] : profile.affinity["b"]) < 0.0',
    ):
        condition = compile_condition(source, SCOPE)
        assert changes(source, profile) == NEVER
        assert [condition(profile, NO_EVENT, NOW_MS + ms) for ms in (-300_000, 0, 900_000)] == [
            True
        ] * 3


def test_the_difference_of_two_scores_is_that_of_what_is_left_of_them() -> None:
    profile = Profile(
        affinity={"a": Interest(16.0, NOW_MS - HALF_LIFE_MS), "b": Interest(2.0, NOW_MS)}
    )
    close = 'profile.affinity["a"] - profile.affinity["b"] == {}'
    for now_ms, left in {NOW_MS: "6.0", NOW_MS + HALF_LIFE_MS: "3.0"}.items():
        assert compile_condition(close.format(left), SCOPE)(profile, NO_EVENT, now_ms)


def test_the_first_change_of_any_part_counts() -> None:
    profile = ordered(NOW_MS)
    soon, late = (f'now - profile.orders.last_at > duration("{s}s")' for s in (1, 2))
    first = NOW_MS + 1001
    for source in (
        f"{late} && {soon}",
        f"{late} || {soon}",
        f"!({soon})",
        f"({late}) == ({soon})",
        f'"vip" in segments ? {late} : {soon}',
        f"({soon}) ? profile.orders.count > 1 : false",
        f"[{late}, {soon}][0]",
        f"[1, 2].all(n, n > 1 ? {soon} : {late})",
        f"[{soon}].exists(held, held && {late})",
        f'(({soon}) ? now : now - duration("1d")) > profile.orders.last_at',
        f'now - (({soon}) ? duration("1d") : duration("2d")) > profile.orders.last_at',
        f'(("vip" in segments) ? now : now + duration("1s")) > profile.orders.last_at && {soon}',
    ):
        assert changes(source, profile) == first, source


def test_an_error_that_begins_or_ends_by_time_is_a_change() -> None:
    profile = ordered(NOW_MS)
    elapsed = "(now - profile.orders.last_at)"
    for source, wait_ms in {
        f'timestamp("9999-12-31T23:59:59Z") + {elapsed} > now': 1000,
        f'timestamp("0001-01-01T00:00:01Z") - {elapsed} < now': 1001,
        f'timestamp("9999-12-31T23:59:59.999Z") - {elapsed} + duration("5ms") > now': 5,
        f'{elapsed} + duration("3652499d23h59m59s") > duration("1s")': 1001,
        'now + duration("2912442d23h59m59s") > profile.orders.last_at': 1000,
    }.items():
        condition = compile_condition(source, SCOPE)
        ends = changes(source, profile) - NOW_MS
        assert ends == wait_ms, source
        failed = []
        for ms in (ends - 1, ends):
            try:
                condition(profile, NO_EVENT, NOW_MS + ms)
                failed.append(False)
            except EvaluationError:
                failed.append(True)
        assert failed[0] != failed[1], source
    profile.orders.recent = [(TODAY - 90, 0.0, 1)]
    assert changes("1 / profile.orders.count_90d > 0", profile) == NOW_MS + DAY_MS


def test_what_cannot_be_computed_does_not_hide_the_change_of_another_part() -> None:
    failing = "timestamp(customer.score > 1.0 ? '2026' : 'x') < now"
    soon = 'now - profile.orders.last_at > duration("1s")'
    unlike = 'profile.affinity["a"] == x'
    for source in (
        f"{failing} || {soon}",
        f"{soon} && [1].exists(n, {failing})",
        f"[1.0, 'a'].exists(x, {unlike} || {soon})",
    ):
        assert changes(source, ordered(NOW_MS)) == NOW_MS + 1001
    assert changes(failing, Profile()) == NEVER


@pytest.mark.parametrize(
    ("source", "offset", "got"),
    [
        ("profile.orders.count > 1 && [now, profile.first_at][0] == now", 28, "a time"),
        ("now in [profile.first_at]", 4, "a time"),
        ("[1].map(n, now)[0] > profile.first_at", 4, "a time"),
        ("(true ? now : profile.first_at) > profile.last_at", 6, "a time"),
        ('int(profile.affinity["a"]) > 3', 0, "a score"),
        ('true || profile.affinity["a"] + 1.0 > 3.0', 30, "a score"),
        ('1.0 / profile.affinity["a"] > 3.0', 4, "a score"),
        ('profile.affinity["a"] * profile.affinity["a"] > 3.0', 22, "a score"),
        ('profile.affinity["a"] > profile.orders.value_90d', 22, "a score"),
        (
            '(profile.orders.count_90d > 1 ? profile.affinity["a"] : profile.affinity["b"]) > 1.0',
            30,
            "a score",
        ),
        (
            'profile.affinity[profile.orders.count_90d > 1 ? "a" : "b"] > 1.0',
            16,
            "a key that changes by time",
        ),
    ],
)
def test_a_condition_that_cannot_be_told_names_the_place(
    source: str, offset: int, got: str
) -> None:
    condition = compile_condition(source, SCOPE)
    said = f"at {offset}: nobody can tell when this changes by time alone; expected "
    assert condition.timely.startswith(said)
    assert condition.timely.endswith(f"got {got} used otherwise")
    assert condition.changes_at(Profile(), NO_EVENT, NOW_MS) == NOW_MS + 1
    with pytest.raises(ExpressionError) as refused:
        compile_condition(source, SCOPE, timely=True)
    assert refused.value.offset == offset
    with pytest.raises(ValueError, match="nobody can tell"):
        compile_changes([condition])


def test_a_condition_that_looks_at_no_time_never_changes_and_costs_no_function_of_its_own() -> None:
    sources = ("profile.orders.count > 1", '"vip" in segments', 'profile.top_category == "a"')
    one, *others = (compile_condition(source, SCOPE).changes_at for source in sources)
    assert one(Profile(), NO_EVENT, NOW_MS) == NEVER
    assert all(other is one for other in others)


def test_the_first_of_several_conditions_counts_and_one_that_never_changes_does_not() -> None:
    profile = ordered(NOW_MS)
    of = 'now - profile.orders.last_at > duration("{}")'
    sources = ["profile.orders.count > 0", of.format("3s"), of.format("2s"), of.format("1d")]
    conditions = [compile_condition(source, SCOPE) for source in sources]
    assert compile_changes(conditions)(profile, NO_EVENT, NOW_MS) == NOW_MS + 2001
    assert compile_changes(conditions[:1])(profile, NO_EVENT, NOW_MS) == NEVER
    assert compile_changes([])(profile, NO_EVENT, NOW_MS) == NEVER


def test_every_field_that_looks_at_the_time_says_how_it_goes_on() -> None:
    for field in FIELDS:
        said = sum([bool(field.change), bool(field.slope), field.fades])
        assert said == bool(field.reads & NOW and field.code != field.name), field.name


@pytest.mark.parametrize(
    ("source", "tracker", "wait_ms"),
    [
        ('count(event.name == "A", 2s) > 1', Tracker(recent=[(NOW_MS // 1000, 0.0, 1)]), 3_000),
        ('count(event.name == "A", 2s) > 1', Tracker(recent=[(NOW_MS // 1000 - 3, 0.0, 1)]), None),
        (
            'sum(1, event.name == "A", 2s) > 1.0',
            Tracker(recent=[(NOW_MS // 1000 - 1, 0.0, 1)]),
            2_000,
        ),
        ('since(event.name == "A") > 5s', Tracker(last_at=NOW_MS - 1_000), 4_001),
        ('seen(event.name == "A")', Tracker(last_at=NOW_MS), None),
        ('sequence(event.name == "A", event.name == "B", 9s)', Tracker(1, NOW_MS - 2_000), 7_001),
        ('sequence(event.name == "A", event.name == "B", 1s)', Tracker(1, NOW_MS - 2_000), None),
        ('sequence(event.name == "A", event.name == "B", 9s)', Tracker(1, 0), None),
    ],
)
def test_what_looks_back_changes_when_an_event_leaves_its_window(
    source: str, tracker: Tracker, wait_ms: int | None
) -> None:
    assert NOW_MS % 1000 == 0
    condition = compile_condition(source, SCOPE)
    (remembered,) = condition.history
    profile = Profile(history={remembered.key: tracker})
    expected = NEVER if wait_ms is None else NOW_MS + wait_ms
    assert condition.changes_at(profile, NO_EVENT, NOW_MS) == expected
    assert condition.changes_at(Profile(), NO_EVENT, NOW_MS) == NEVER
