"""Functions that look back: how they are written, what is refused, which of them are the same."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from decisions.language import (
    INT,
    ExpressionError,
    Remembered,
    Scope,
    compile_condition,
    compile_tracked,
    compile_value,
)
from decisions.language.canonical import canonical
from decisions.language.grammar.lexer import tokens
from decisions.language.grammar.parser import parse
from decisions.language.grammar.syntax import Index, Literal, Node, Select
from decisions.playbook import NOTHING
from state.profile import Profile
from state.sections import EVENTS, HISTORY, NOW
from tests.decisions.language.test_against_cel import expressions

SCOPE = Scope({"age": INT}, ["vip"], event=False)
VIEWED = 'event.name == "Viewed"'


def remembered(source: str) -> tuple[Remembered, ...]:
    return compile_value(source, SCOPE).history


def key(source: str) -> bytes:
    (one,) = remembered(source)
    return one.key


def error_of(source: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as raised:
        compile_value(source, SCOPE)
    return raised.value


@pytest.mark.parametrize(
    ("source", "kind", "reads"),
    [
        (f"count({VIEWED}, 7d)", "int", HISTORY | NOW),
        (f"sum(1, {VIEWED}, 7d)", "double", HISTORY | NOW),
        (f"since({VIEWED})", "duration", HISTORY | NOW),
        (f"seen({VIEWED})", "bool", HISTORY),
        (f"sequence({VIEWED}, true, 1h)", "bool", HISTORY | NOW),
        (f"seen({VIEWED}) && profile.events.X > 1", "bool", HISTORY | EVENTS),
    ],
)
def test_a_function_has_a_type_and_reads_history_but_not_the_event_at_hand(
    source: str, kind: str, reads: int
) -> None:
    value = compile_value(source, SCOPE)
    assert (value.type, value.reads) == (kind, reads)
    assert compile_condition("true", SCOPE).history == ()


@pytest.mark.parametrize("inside", ["profile.orders.count > 1", "'vip' in segments", "now > now"])
@pytest.mark.parametrize("form", ["count({}, 7d)", "sum(1, {}, 7d)", "sequence(true, {}, 7d)"])
def test_inside_only_the_event_can_be_read(form: str, inside: str) -> None:
    source = form.format(inside)
    error = error_of(source)
    word = next(w for w in ("profile", "segments", "now") if w in inside)
    assert error.offset == source.index(word)
    assert (
        error.message == f"what stands inside {source.split('(')[0]}() may look at the event only"
    )
    assert (error.expected, error.got) == ("event", word)


def test_a_name_inside_that_is_none_at_all_or_a_variable_of_outside_is_refused_as_well() -> None:
    assert error_of("seen(evnt.name == 'X')").nearest == "event"
    outside = error_of("[1].exists(x, seen(event.properties.n == x))")
    assert (outside.offset, outside.got) == (41, "x")
    assert compile_value("seen([1].exists(x, event.properties.n == x))", SCOPE).history
    assert error_of("sum(customer.age, true, 7d)").offset == 4
    assert error_of("seen(has(customer.age))").offset == 9


@pytest.mark.parametrize(
    ("source", "at", "what"),
    [
        ("count(seen(true), 7d) > 1", "seen", "seen() stands inside count()"),
        ("sum(count(true, 7d), true, 7d)", "count(true", "count() stands inside sum()"),
        ("count(true)", "count", "count() is written otherwise"),
        ("since(true, 7d)", "since", "since() is written otherwise"),
        ("sequence(true, 7d)", "sequence", "sequence() is written otherwise"),
        ("count(event.name, 7d)", "name", "count() wants a condition here"),
        ("sequence(true, 5, 7d)", "5", "sequence() wants a condition here"),
        ("sum(event.name, true, 7d)", "name", "sum() adds up numbers"),
        ("count(true, 7)", "7)", "count() wants its window written out"),
        ("count(true, '7d')", "'7d'", "count() wants its window written out"),
        ("count(true, 1d + 1d)", "+", "count() wants its window written out"),
        ("count(true, event.at - event.at)", "-", "count() wants its window written out"),
        ("count(true, 367d)", "367d", "an impossible window"),
        ("count(true, duration('999ms'))", "duration", "an impossible window"),
        ("sum(1, true, 0s)", "0s", "an impossible window"),
        ("sequence(true, true, duration('-1h'))", "duration", "an impossible window"),
        ("count(true, 1h30m)", "1h30m", "a bare duration is a whole number and one unit"),
        ("count(true, 1.5h)", "1.5h", "a bare duration is a whole number and one unit"),
        ("count(true, 999999999999999999d)", "9", "not a duration"),
        ("segments.count(true, 7d)", "count", "count() is called as count(value)"),
    ],
)
def test_what_is_no_such_function_is_pointed_at(source: str, at: str, what: str) -> None:
    error = error_of(source)
    assert error.message.startswith(what)
    assert error.offset == source.index(at)


def test_an_impossible_window_is_told_as_it_was_written() -> None:
    error = error_of("count(true, duration('367d'))")
    assert (error.expected, error.got) == ("a duration from 1s to 366d", "367d")
    assert error_of("count(true)").expected == "count(condition, window)"
    assert 'duration("1h30m")' in error_of("count(true, 1h30m)").expected


def test_windows_at_their_limits_are_taken() -> None:
    for window in ("1s", "1000ms", "366d", "8784h"):
        assert remembered(f"count(true, {window})")


def test_a_bare_duration_is_the_same_as_one_in_words_wherever_it_stands() -> None:
    for bare in ("7d", "12h", "30m", "90s", "500ms", "007d"):
        value = compile_value(bare, SCOPE)
        assert value.type == "duration"
        words = compile_value(f'duration("{bare}")', SCOPE)
        assert value(Profile(), NOTHING, 0) == words(Profile(), NOTHING, 0)
    lapsed = compile_condition("now - profile.last_at > 30d", SCOPE)
    assert lapsed(Profile(), NOTHING, 31 * 86_400_000)
    assert not lapsed(Profile(), NOTHING, 30 * 86_400_000)


LAYOUT = st.sampled_from([" ", "\n", "  ", "\t", " // a note, of seen(\n"])
SOURCES = [
    "count(event.name in ['A', 'B'] && event.properties.total > 5.5, 7d)",
    "sum(event.properties.price * 2.0, !(event.type == 'track') || 1 == -1, 12h)",
    "sequence(event.properties.lines.exists(l, l['sku'] == 'a'), event.name == 'B', 90s)",
    "since(has(event.traits.city) ? event.traits.city != '' : false)",
]


@given(st.sampled_from(SOURCES), st.data())
def test_layout_and_comments_make_no_other_function(source: str, data: st.DataObject) -> None:
    starts = [token.offset for token in tokens(source)]
    pieces = [source[a:b].strip() for a, b in pairwise(starts)]
    laid_out = "".join(piece + data.draw(LAYOUT) for piece in pieces)
    assert key(laid_out) == key(source)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("count(true, 7d)", 'count(true, duration("168h"))'),
        ("seen(event.name == 'X')", 'since((event.name) == "X")'),
        ("seen(event.properties.n == 16)", 'seen(event["properties"]["n"] == 0x10)'),
        (r"seen(event.name == r'C:\n')", r'seen(event.name == "C:\\n")'),
        ("seen(event.properties.n > 1e3)", "seen(event.properties.n > 1000.0)"),
    ],
)
def test_functions_that_mean_the_same_are_one(one: str, other: str) -> None:
    assert key(one) == key(other)
    assert len(remembered(f"[{one}] == [] || [{other}] == []")) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("count(true, 7d)", "count(true, 6d)"),
        ("count(true, 7d)", "sum(1, true, 7d)"),
        ("sum(1, true, 7d)", "sum(2, true, 7d)"),
        ("seen(event.name == 'X')", "seen(event.name == 'x')"),
        ("seen(event.name == 'a  b')", "seen(event.name == 'a b')"),
        ("seen(event.properties.n == 1)", "seen(event.properties.n == 1.0)"),
        ("seen(event.properties.n == 1)", "seen(event.properties.n == '1')"),
        ("sequence(true, false, 7d)", "sequence(false, true, 7d)"),
    ],
)
def test_functions_that_differ_in_a_part_are_two(one: str, other: str) -> None:
    assert key(one) != key(other)


@given(expressions())
def test_the_canonical_form_has_the_tree_of_what_it_stands_for(source: str) -> None:
    try:
        tree = parse(source)
        again = parse(canonical(tree))
    except ExpressionError:
        assume(False)
        raise
    assert stripped(again) == stripped(tree)


@pytest.mark.parametrize(
    "source",
    ["-(1)", "- -1", "a['in']", "a['x y']", '"\\t\\"\\\\ü😀"', "f(1, x.g(y))", "1e300 + -5e-324"],
)
def test_a_corner_has_its_tree_in_canonical_form_too(source: str) -> None:
    assert stripped(parse(canonical(parse(source)))) == stripped(parse(source))


def stripped(node: Any) -> Any:
    """A tree without offsets, and with x.name for x["name"]."""
    if isinstance(node, list):
        return [stripped(item) for item in node]
    if not isinstance(node, Node):
        return type(node).__name__, node
    if (
        isinstance(node, Index)
        and isinstance(node.key, Literal)
        and isinstance(node.key.value, str)
    ):
        node = Select(0, node.operand, node.key.value)
    fields = msgspec.structs.asdict(node)
    return type(node).__name__, [stripped(v) for name, v in fields.items() if name != "offset"]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("seen(event.name == 'X')", {"X"}),
        ("sequence(event.name == 'X', event.name in ['Y', 'Z'], 1h)", {"X", "Y", "Z"}),
        ("sequence(event.name == 'X', true, 1h)", None),
        ("sum(event.properties.n, event.name == 'X', 1h)", {"X"}),
        ("count(event.channel == 'email', 1h)", None),
    ],
)
def test_it_is_known_which_events_a_function_is_about(source: str, names: set[str] | None) -> None:
    assert remembered(source)[0].event_names == names


def test_what_is_inside_says_nothing_of_the_events_that_the_whole_is_about() -> None:
    condition = compile_condition(
        "seen(event.name == 'X') && count(event.name == 'Y', 1d) > 2", SCOPE
    )
    assert condition.event_names is None
    assert [one.source for one in condition.history] == [
        'since((event.name == "X"))',
        'count((event.name == "Y"), 1d)',
    ]
    assert condition.history[1].offset == condition.source.index("count")


def test_a_counter_has_buckets_and_the_others_have_none() -> None:
    (count,) = remembered("count(true, 7d)")
    assert (compile_tracked(count).unit_ms, compile_tracked(count).before) == (3_600_000, 168)
    (sequence,) = remembered("sequence(true, true, 7d)")
    assert compile_tracked(sequence).unit_ms == 0
