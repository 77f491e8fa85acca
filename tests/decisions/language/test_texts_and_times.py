"""Texts and parts of times: what CEL's own answers do not show, and the bounds of both."""

import pytest

from decisions.language import EvaluationError, ExpressionError, Scope, compile_condition
from decisions.language import compile_value as compiled
from decisions.language.runtime.texts import MAX_TEXT
from state.profile import Profile
from state.sections import SEGMENTS
from state.touchpoint import Touchpoint

NOW_MS = 1_767_225_600_000
SCOPE = Scope({"city": "string"}, ["vip", "newcomer"])
WORDS = {"text": "Aa" * 16_000, "half": "\ud800", "list": ["x" * 3_000] * 20}
EVENT = Touchpoint("", b"", "m", "c", "click", "track", "X", NOW_MS, NOW_MS, WORDS, {}, b"")


def value(source: str) -> object:
    return compiled(source, SCOPE)(Profile(segments={"vip": 1}), EVENT, NOW_MS)


def error_of(source: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as raised:
        compiled(source, SCOPE)
    return raised.value


def test_in_segment_is_the_same_as_asking_the_list_of_segments() -> None:
    for name in ("vip", "newcomer"):
        asked, listed = (
            compile_condition(source, SCOPE)
            for source in (f'in_segment("{name}")', f'"{name}" in segments')
        )
        for segments in ({}, {name: 1}):
            person = Profile(segments=segments)
            assert asked(person, EVENT, 0) is listed(person, EVENT, 0) is bool(segments)
        assert (asked.reads, asked.segments) == (SEGMENTS, frozenset({name}))
        assert not asked.fallible


def test_in_segment_knows_its_segments_when_it_is_read() -> None:
    error = error_of('true && in_segment("newcommer")')
    assert (error.offset, error.nearest) == (19, "newcomer")
    assert error_of("in_segment(1)").expected == "string"
    assert error_of("in_segment()").expected == "1"
    assert error_of('in_segmnt("vip")').nearest == "in_segment"


def test_a_text_may_end_where_it_ends() -> None:
    assert value('"abc".substring(1, 3)') == "bc"
    assert value('"".substring(0, 0)') == ""


@pytest.mark.parametrize(
    ("source", "at", "expected"),
    [
        ('event.name.matches("a(b")', '"a(b"', "a regular expression of RE2"),
        ('event.name.matches("(?=a)b")', '"(?=', "a regular expression of RE2"),
        ('event.name.matches("(((a{50}){50}){50})")', '"(((', "a regular expression of RE2"),
        ('event.name.matches("[^a]{900}é{900}")', '"[^a]', "a regular expression of RE2"),
        ("event.name.matches(event.name)", "name)", "a text such as"),
        ("event.name.matches(5)", "5", "string"),
        (f'event.name.matches("{"a" * 257}")', '"aaa', "at most 256 characters"),
        ('now.getHours("Europe/Berlim")', '"Europe', "a name such as Europe/Berlin"),
        ("now.getHours(event.name)", "name)", "a name such as Europe/Berlin"),
        ('now.getHours("../../etc/passwd")', '"..', "a name such as Europe/Berlin"),
        ("now.getHours(1)", "1", "a name such as Europe/Berlin"),
        ("now.getHours('UTC', 'UTC')", "getHours", "0 or 1"),
        ("event.properties.x.getHours()", "getHours", "timestamp"),
        ("event.name.trim(1)", "trim", "0"),
        ("event.name.replace('a')", "replace", "2"),
        ("event.name.substring()", "substring", "1 to 2"),
        ("[1].join()", "join", "list(string)"),
    ],
)
def test_a_wrong_argument_is_pointed_at(source: str, at: str, expected: str) -> None:
    error = error_of(source)
    assert error.offset == source.index(at)
    assert error.expected.startswith(expected)


def test_the_nearest_time_zone_is_offered() -> None:
    assert error_of('now.getHours("Europe/Berlim")').nearest == "Europe/Berlin"


def test_a_pattern_that_costs_others_exponential_time_costs_none_here() -> None:
    assert value('event.properties.text.matches("^(A|a|Aa)*$")') is True
    assert value('event.properties.text.matches("^(([Aa])+.)+b$")') is False
    assert value('event.properties.text.matches("(.*)(.*)(.*)(.*)(.*)[^Aa]")') is False


def test_half_a_character_is_searched_like_any_other() -> None:
    assert value('event.properties.half.matches("^.$")') is True


@pytest.mark.parametrize(
    "source",
    [
        "event.properties.text.split('')",
        "event.properties.text.replace('', 'a' + 'bcdef')",
        " + ".join(["event.properties.text"] * 4),
        "[event.properties.text]" + ".map(e, e + e)" * 40,
        "['a', 'b']" + ".map(e, [e, e])" * 40,
        "['a', 'b']" + ".map(e, [e, e])" * 12,
        "[now]" + ".map(e, [e, e])" * 40,
        "[event.properties.text]" + ".map(e, [e, e])" * 40,
        "[['a']]" + ".map(e, e + e)" * 40,
        "[event.properties.list]" + ".map(e, e + e)" * 40,
        "event.properties.list.map(e, e + e).join()",
    ],
)
def test_what_would_grow_beyond_all_bounds_is_an_error_instead(source: str) -> None:
    with pytest.raises(EvaluationError):
        value(source)


def test_what_just_fits_is_put_together() -> None:
    fits = MAX_TEXT - 3 * 32_000
    assert value("size(['a', 'b']" + ".map(e, [e, e])" * 11 + ")") == 2
    assert isinstance(value("['a', 'b']" + ".map(e, [e, e])" * 11), list)
    source = f"event.properties.text + {'event.properties.text + ' * 2}'{'x' * fits}'"
    assert len(str(value(source))) == MAX_TEXT
    with pytest.raises(EvaluationError):
        value(f"{source} + 'x'")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("now.getHours() < 12", False),
        ('(now - duration("1h")).getDayOfWeek("Europe/Berlin") == 1', False),
        ("(now - event.at).getHours() > 1", False),
        ("[now].exists(t, t.getHours() == 1)", False),
        ("string(now) == ''", False),
        ("event.at.getHours() < 12 && now > event.at", True),
        ("profile.orders.last_at.getMonth() == 11", True),
        ("string(profile.orders.count) == '1' && now > event.at", True),
        ("now - event.at > duration('1h')", True),
    ],
)
def test_what_is_read_off_the_calendar_of_now_changes_nobody_can_tell_when(
    source: str, told: bool
) -> None:
    assert (compile_condition(source, SCOPE).timely == "") is told
