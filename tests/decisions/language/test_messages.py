"""An expression that cannot be compiled says where, what was expected, and what came."""

import time
from typing import Any

import pytest

from decisions.language import ExpressionError, Scope, compile_condition, compile_value
from state.profile import Profile
from state.touchpoint import Touchpoint

SCOPE = Scope({"city": "string", "sports": "list(string)"}, ["vip", "newcomer"])


def error_of(source: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as raised:
        compile_condition(source, SCOPE)
    return raised.value


@pytest.mark.parametrize(
    ("source", "at", "nearest"),
    [
        ("evnt.name == 'X'", "evnt", "event"),
        ("profile.ordrs.count > 1", "ordrs", "orders"),
        ("profile.orders.value90d > 1.0", "value90d", "value_90d"),
        ("profile.channels.email.event > 1", "event >", "events"),
        ("customer.citty == 'X'", "citty", "city"),
        ("customer['citty'] == 'X'", "'citty'", "city"),
        ("has(customer.citty)", "citty", "city"),
        ("true && 'newcommer' in segments", "'newcommer'", "newcomer"),
        ("event.name.startWith('X')", "startWith", "startsWith"),
        ("timestmp('X') < now", "timestmp", "timestamp"),
        ("[1].exist(e, e == 1)", "exist", "exists"),
        ("profile.zzzzzz", "zzzzzz", None),
    ],
)
def test_a_wrong_name_is_pointed_at_and_the_nearest_one_offered(
    source: str, at: str, nearest: str | None
) -> None:
    error = error_of(source)
    assert (error.offset, error.nearest) == (source.index(at), nearest)
    assert error.expected.startswith("one of ")


@pytest.mark.parametrize(
    ("source", "at", "expected", "got"),
    [
        ("profile.orders.value > 500", "500", "double", "int"),
        ("500 < profile.orders.value", "500", "double", "int"),
        ("profile.orders.count > 2.0", "2.0", "int", "double"),
        ("profile.orders.value > profile.orders.count", "count", "double", "int"),
        ("event.name == 5", "5", "string", "int"),
        ("event.at < event.properties.x", "x", "timestamp", "dyn"),
        ("now + 5 > now", "5", "duration", "int"),
        ("profile.orders.count", "count", "bool", "int"),
        ("!event.name", "!", "bool", "string"),
        ("profile.orders.count && true", "count", "bool", "int"),
        ("5 in segments", "5", "string", "int"),
        ("5 in ['a']", "5", "string", "int"),
        ("'a' in event.name", "name", "list or map", "string"),
        ("true ? 1 : 'a'", "'a'", "int", "string"),
        ("[now, 1] == []", "1", "timestamp", "int"),
        ("duration('5 days') < now - now", "'5 days'", "a duration such as 90s", "5 days"),
        ("timestamp('today') < now", "'today'", "a time such as", "today"),
        ("event.name.size(1) > 1", "size", "0", "1"),
        ("size(5) > 1", "5", "string, list or map", "int"),
        ("event.name.contains(5)", "5", "string", "int"),
        ("profile.orders == 1", "orders", "one of count", "nothing"),
        ("event.name.first == 1", "first", "an object", "string"),
        ("has(profile.orders.count)", "count", "a field of customer", "profile.orders.count"),
        ("[1].exists(e)", "exists", "exists(name, condition)", "1 arguments"),
        ("profile.orders.count >", "", "a name or a value", "the end"),
        ("(true", "", ")", "the end"),
        ("event.name = 'X'", "=", "a name, a value", "="),
        ("event.name == 'X", "'X", "a closing '", "'X"),
        ("1u == 1", "u", "a space", "u"),
        ("matches('a', 'b')", "matches", "one of", "matches"),
        ("customer.sports", "sports", "bool", "list(string)"),
        ("customer.sports == 'run'", "'run'", "list(string)", "string"),
        ("customer.sports > 2", "sports", "bool or double or", "list(string)"),
        ("customer.sports + 'run' == []", "'run'", "list(string)", "string"),
        ("customer.sports.startsWith('run')", "startsWith", "string", "list(string)"),
        ("5 in customer.sports", "5", "string", "int"),
        ("customer.sports in ['run']", "sports", "string", "list(string)"),
        ("customer.city in customer.sports.size()", "size", "list or map", "int"),
        ("int(customer.sports) > 1", "sports", "int or double or string", "list(string)"),
        ("timestamp(customer.sports) < now", "sports", "timestamp or", "list(string)"),
        ("has(customer.sports.run)", "run", "an object", "list(string)"),
        ("event.name in customer", "customer", "one of city, sports after it", "nothing"),
    ],
)
def test_a_wrong_type_or_word_is_pointed_at(source: str, at: str, expected: str, got: str) -> None:
    error = error_of(source)
    assert error.offset == (source.index(at) if at else len(source))
    assert error.expected.startswith(expected)
    assert error.got == got


def test_a_number_of_the_wrong_type_is_told_how_to_be_written() -> None:
    assert "write 500.0" in error_of("profile.orders.value > 500").message
    assert "write 2" in error_of("profile.orders.count > 2.0").message
    assert "double(...)" in error_of("profile.orders.count > 2.5").message
    assert "timestamp(...)" in error_of("event.at < event.properties.x").message


@pytest.mark.parametrize(
    ("source", "meant"),
    [
        ("event.name = 'X'", "=="),
        ("true & false", "&&"),
        ("true | false", "||"),
        ("true and false", "&&"),
        ("true OR false", "||"),
        ("event.name is 'X'", "=="),
        ("true 'and'", None),
        ("true ; false", None),
    ],
)
def test_an_operator_of_another_language_is_known(source: str, meant: str | None) -> None:
    assert error_of(source).nearest == meant


def test_a_unit_that_there_is_not_is_met_with_those_that_there_are() -> None:
    assert error_of("now - event.at > 2w").expected.endswith("one of ms, s, m, h and d")


def test_where_there_is_no_event_nothing_spelled_like_it_is_offered() -> None:
    with pytest.raises(ExpressionError) as raised:
        compile_condition("event.name == 'X'", Scope({}, [], event=False))
    assert (raised.value.got, raised.value.nearest) == ("event", None)
    assert raised.value.expected.endswith("or a function that looks back, such as seen()")


def test_the_whole_error_can_be_read_in_one_line() -> None:
    assert str(error_of("customer.citty == 'X'")) == (
        'at 9: an undeclared trait; expected one of city, sports, got citty; did you mean "city"?'
    )


HOSTILE = {
    "100 KB of nothing": " " * 100_000,
    "100 KB of text": '"' + "a" * 100_000 + '"',
    "an open text": '"' + "a" * 19_000,
    "open triple quotes": "'''" * 6_000,
    "10,000 brackets": "(" * 10_000,
    "10,000 closed brackets": "(" * 10_000 + "true" + ")" * 10_000,
    "nested lists": "[" * 4_000,
    "nested calls": "size(" * 1_500,
    "nested indexes": "segments[" * 2_000,
    "10,000 terms": " || ".join(["true"] * 10_000),
    "a long sum": " + ".join(["1"] * 2_400) + " == 1",
    "100 KB of terms": " && ".join(["true"] * 14_000),
    "100 KB of negations": "!" * 100_000 + "true",
    "10,000 negations": "!" * 10_000 + "true",
    "10,000 minuses": "-" * 10_000 + "1",
    "10,000 negated brackets": "!(" * 10_000 + "true" + ")" * 10_000,
    "10,000 closed lists": "[" * 10_000 + "]" * 10_000,
    "10,000 closed calls": "size(" * 10_000 + "''" + ")" * 10_000,
    "10,000 methods": "''" + ".trim()" * 10_000,
    "many methods": "''" + ".trim()" * 1_200,
    "10,000 ternaries": "true ? true : " * 10_000 + "true",
    "ternaries within ternaries": "true ? " * 2_400 + "true" + " : true" * 2_400,
    "10,000 fields": "event.properties" + ".a" * 10_000,
    "10,000 keys": "event.properties" + "[0]" * 10_000,
    "many keys": "event.properties" + "[0]" * 1_600,
    "10,000 operators in turn": "!-" * 5_000 + "1",
    "&& and || in turn": "true && true || " * 1_600 + "true",
    "&& in brackets": "(" * 500 + "true" + " && true)" * 500,
    "comparisons of comparisons": "true" + " == true" * 1_000,
    "an exponential pattern": "event.name.matches('((((((a{9}){9}){9}){9}){9}){9})')",
    "a pattern of many words": "event.name.matches('(" + "a|" * 127 + "a){100}')",
    "a long pattern": "event.name.matches('" + "(" * 5_000 + "')",
    "nested groups": "event.name.matches('" + "(" * 128 + ")" * 128 + "x{1000}y{1000}')",
    "a long zone": "now.getHours('" + "x" * 19_000 + "') == 1",
    "a zone that is a path": "now.getHours('../../../etc/localtime') == 1",
    "a huge int": "profile.orders.count == " + "9" * 4_400,
    "a huge hexadecimal int": "profile.orders.count == 0x" + "f" * 10_000,
    "a huge double": "1e999 > 1.0",
    "a huge power": "1.0e308 * 10.0 > 1e309",
    "a huge int in a text": "int('" + "9" * 10_000 + "') == 1",
    "a huge duration": "duration('" + "9" * 10_000 + "d') == now - now",
    "many operators": "!" * 4_900 + "true",
    "many operators around and inside what looks back": f"{'!' * 40}seen({'!' * 40}true)",
    "many minuses": "-" * 4_900 + "1 == 1",
    "many ternaries": "true ? true : " * 1_000 + "true",
    "ternaries in conditions": "true" + " ? true : true" * 1_000,
    "a long path": "event.properties" + ".a" * 2_000,
    "a long chain of macros": "[1]" + ".map(e, e)" * 600 + " == [1]",
    "macros in macros": "[1].all(a, [1].all(b, [1].all(c, true)))",
    "a long list": "1 in [" + "1," * 2_400 + "1]",
    "a long inner list": "[1].all(e, [" + "1," * 200 + "1].all(f, true))",
    "a long number": "1" * 19_000 + " == 1",
    "a long exponent": "1e" + "9" * 19_000 + " == 1.0",
    "a long name": "a" * 19_000,
    "a long segment": '"' + "vip" * 6_000 + '" in segments',
    "a null byte": "true\0",
    "a control character": "true \x1b",
    "another alphabet": "profil\u0435.orders.count > 1",
    "another digit": "profile.orders.count > \u0661",
    "python": "__import__('os').system('true')",
    "attributes": "event.__class__",
    "nothing": "",
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_expression_is_refused_at_once(source: str) -> None:
    started = time.process_time()
    with pytest.raises(ExpressionError) as raised:
        compile_value(source, SCOPE)
    assert time.process_time() - started < 1.0
    assert 0 <= raised.value.offset <= len(source)
    assert len(raised.value.got) <= 60


def test_what_is_long_but_reasonable_is_compiled() -> None:
    told: dict[str, Any] = {"brand": "brand 999"}
    event = Touchpoint("", b"", "m", "c", "click", "track", "Event 499", 0, 0, told, {}, b"")
    brands = ", ".join(f'"brand {number}"' for number in range(1_000))
    for source in (
        f"event.properties.brand in [{brands}]",
        " || ".join(f'event.name == "Event {n}"' for n in range(500)),
        "(" * 30 + "true" + ")" * 30,
        " + ".join(["1"] * 60) + " == 60",
    ):
        assert compile_condition(source, SCOPE)(Profile(), event, 0)


def test_what_is_written_in_an_expression_is_never_python() -> None:
    for name in ("it0", "profile.__class__", "now_ms", "FAILURES", "A", "equal(1, 1)"):
        error_of(f"{name} == 1")
    text = "'); import os; ('"
    assert compile_value(f'"{text}"', SCOPE)(None, None, 0) == text  # type: ignore[arg-type]  # never read
