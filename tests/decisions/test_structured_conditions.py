"""Conditions written as lists and mappings mean the expression that the documentation says."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.document import Flaw, parse
from decisions.language import Condition, EvaluationError, Scope, compile_condition
from decisions.load import parse_playbook
from decisions.playbook import NOTHING, PlaybookError
from decisions.reading import Reader
from state.profile import Profile
from state.touchpoint import Touchpoint
from tests.decisions.someone import HEAD

SCOPE = Scope({"city": "string", "age": "int", "member": "bool"}, ["vip", "new"])
NOW_MS = 1_767_225_600_000


def read(text: str) -> tuple[Condition | None, list[str]]:
    reader = Reader(text)
    condition = reader.condition(parse(text), "when", SCOPE)
    return condition, [f"{p.line}:{p.column}: {p.text}" for p in reader.problems]


def meaning(text: str) -> str:
    condition, problems = read(text)
    assert condition is not None, problems
    assert condition.source == " ".join(condition.source.split())
    return condition.source


@pytest.mark.parametrize(
    ("written", "expression"),
    [
        ("all: [profile.chat.open, {segment: vip}]", 'profile.chat.open && "vip" in segments'),
        ("any: [profile.chat.open, {segment: vip}]", 'profile.chat.open || "vip" in segments'),
        ("none: [profile.chat.open, {segment: vip}]", '!(profile.chat.open || "vip" in segments)'),
        ("{all: [true], any: [true, false], none: [false]}", "true && (true || false) && !(false)"),
        ("all: [true || false, 'true ? true : false']", "(true || false) && (true ? true : false)"),
        ("any: [{all: [true, false]}, {any: [true]}]", "(true && false) || true"),
        ("all: [{all: [true, true]}, true && false]", "true && true && true && false"),
        ("{event: A}", 'event.name == "A"'),
        ("{event: [A, 'B \"b\"']}", 'event.name in ["A", "B \\"b\\""]'),
        ("{field: profile.orders.count, is: 3}", "profile.orders.count == 3"),
        ("{field: profile.orders.value, at_least: 3}", "profile.orders.value >= 3.0"),
        (
            "{field: profile.cart.items, more_than: 1, at_most: 5}",
            "profile.cart.items > 1 && profile.cart.items <= 5",
        ),
        ("{field: profile.chat.open, not: true}", "!(profile.chat.open == true)"),
        ("{field: customer.city, is: 5}", 'has(customer.city) && customer.city == "5"'),
        (
            "{field: customer.age, not_in: [1, 2]}",
            "!(has(customer.age) && customer.age in [1, 2])",
        ),
        (
            "{field: event.properties.a.b, in: [x, 1, 1.5, true]}",
            (
                "has(event.properties.a) && has(event.properties.a.b) && event.properties.a.b in "
                '["x", 1, 1.5, true]'
            ),
        ),
        (
            "field: 'event.properties.lines[0][\"unit price\"]'\nless_than: 9.5",
            (
                'has(event.properties.lines) && size(event.properties.lines) > 0 && "unit price" '
                'in event.properties.lines[0] && event.properties.lines[0]["unit price"] < 9.5'
            ),
        ),
        ("{field: customer.city, present: true}", "has(customer.city)"),
        ("{field: customer.city, missing: true}", "!(has(customer.city))"),
        ("{field: customer.city, missing: false}", "has(customer.city)"),
        ("{field: profile.channels.email, present: true}", "has(profile.channels.email)"),
        ("field: profile.events['A']\npresent: true", '"A" in profile.events'),
        ("{field: profile.cart.categories, contains: shoes}", '"shoes" in profile.cart.categories'),
        ("{field: event.name, contains: Order}", 'event.name.contains("Order")'),
        ("{field: event.name, starts_with: 'Order '}", 'event.name.startsWith("Order ")'),
        ("{field: event.name, ends_with: ed}", 'event.name.endsWith("ed")'),
        ("{field: event.name, matches: ^Or}", 'event.name.matches("^Or")'),
        (
            "{field: profile.orders.last_at, within: 30d}",
            'now - profile.orders.last_at <= duration("30d")',
        ),
        (
            "{field: profile.orders.last_at, older_than: 2h}",
            'now - profile.orders.last_at > duration("2h")',
        ),
        (
            "{field: profile.orders.last_at, at_least: 2026-11-27}",
            'profile.orders.last_at >= timestamp("2026-11-27T00:00:00.000Z")',
        ),
        ("{field: profile.cart.cart_id, is: ''}", 'profile.cart.cart_id == ""'),
        ("{field: profile.chat.open // by now, is: false}", "profile.chat.open == false"),
    ],
)
def test_what_is_written_means_an_expression(written: str, expression: str) -> None:
    assert meaning(written) == expression


def test_a_comment_in_an_expression_ends_with_it() -> None:
    condition, _ = read("all:\n- |\n  true // of course\n- 'false // not'")
    assert condition is not None
    assert condition(Profile(), NOTHING, 0) is False


def test_so_it_does_where_it_is_turned_round() -> None:
    condition, _ = read("none:\n- 'true // of course'")
    assert condition is not None
    assert condition(Profile(), NOTHING, 0) is False


def test_what_is_missing_makes_a_test_false_and_its_opposite_true() -> None:
    for test, answer in (
        ("is: Berlin", False),
        ("not: Berlin", True),
        ("in: [Berlin]", False),
        ("not_in: [Berlin]", True),
        ("contains: B", False),
        ("missing: true", True),
    ):
        condition, _ = read(f"{{field: customer.city, {test}}}")
        assert condition is not None
        assert condition(Profile(), NOTHING, 0) is answer, test
        opposite, _ = read(f"none: [{{field: customer.city, {test}}}]")
        assert opposite is not None
        assert opposite(Profile(), NOTHING, 0) is not answer, test


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{}", "1:1: when; expected one of all, any, none,"),
        ("{alll: [true]}", "1:2: unknown key in when; expected one of all, any, none,"),
        (
            "{all: [true], segment: vip}",
            "1:15: unknown key in when; expected one of all, any, none,",
        ),
        ("{all: true}", '1:7: when.all; expected a list, got "true"'),
        ("{any: []}", "1:7: when.any; expected 1 to 100 entries, got 0"),
        ("all:\n- true\n- [true]", "3:3: when.all[2]; expected an expression, or a mapping"),
        ("all:\n- true\n-", "3:2: when.all[2]; expected an expression, or a mapping"),
        ("all:\n- true\n- any:\n  - proflie.x", "4:5: when.all[2].any[1]; an unknown name;"),
        ("all:\n- true\n- 1 + 1", "3:5: when.all[2]; not a condition; expected bool, got int"),
        (
            "{segment: vipp}",
            '1:11: when.segment; expected one of new, vip, got "vipp"; did you mean',
        ),
        ("{segment: [vip]}", "1:11: when.segment; expected one of new, vip, got a list"),
        ("{event: []}", "1:9: when.event; expected 1 to 20 entries, got 0"),
        ("{is: 3}", "1:1: missing key in when; expected field, got nothing"),
        ("{field: profile.orders.count}", "1:1: when; expected at least one test of it"),
        ("{field: profile.ordrs.count, is: 1}", "1:17: when.field; an unknown field of profile;"),
        ("{field: customer.citty, missing: true}", "1:9: when.field; an undeclared trait;"),
        ("{field: profile.orders, is: 3}", "1:17: when.field; profile.orders is no value itself;"),
        ("{field: profile.x + 1, is: 3}", "1:9: when.field; expected a field such as"),
        ("{field: 'profile.orders.count >', is: 3}", "1:32: when.field; not an expression;"),
        ("{field: [a], is: 3}", "1:9: when.field; expected a field such as profile.orders.count"),
        (
            "{field: profile.orders.count, is: 1.5}",
            '1:35: when.is; expected a whole number, got "1.5"',
        ),
        (
            "{field: profile.orders.count, is: '3'}",
            '1:35: when.is; expected a whole number, got "3" in',
        ),
        ("{field: profile.orders.count, in: [1, x]}", "1:39: when.in[2]; expected a whole number"),
        ("{field: profile.orders.value, is: 1e999}", "1:35: when.is; expected a number"),
        ("{field: profile.chat.open, is: yes}", '1:32: when.is; expected true or false, got "yes"'),
        ("{field: customer.city, is: }", "1:24: when.is; expected a text, got nothing"),
        ("{field: event.properties.a, is: [1]}", "1:33: when.is; expected a text, a number, true"),
        ("{field: profile.orders.last_at, is: today}", "1:37: when.is; expected a date such as"),
        (
            "{field: profile.orders.count, within: 3d}",
            "1:39: when.within; expected a test of a int",
        ),
        (
            "{field: profile.orders.last_at, within: 3 days}",
            "1:41: when.within; expected a duration",
        ),
        ("{field: profile.orders.count, contains: a}", "1:41: when.contains; contains() is about"),
        ("{field: profile.cart.categories, is: a}", "1:38: when.is; expected another test"),
        (
            "{field: profile.chat.open, more_than: true, present: true}",
            "1:54: when.present; expected a",
        ),
        (
            "{field: profile.orders.count, present: true}",
            "1:9: when.field; has() asks for what can",
        ),
        ("{field: now, present: true}", "1:9: when.field; has() asks for a field;"),
        ("{field: customer.city, present: yes}", "1:33: when.present; expected true or false, got"),
        ("{field: event.name, matches: '(a'}", "1:30: when.matches; not a pattern: missing ):"),
        (
            "{field: event.name, matches: " + "a" * 257 + "}",
            "1:30: when.matches; the pattern is too long",
        ),
    ],
)  # fmt: skip - one case a line
def test_a_problem_is_named_with_its_place_in_the_file(written: str, problem: str) -> None:
    condition, problems = read(written)
    assert condition is None
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_what_is_too_long_together_is_said_at_its_beginning() -> None:
    long = ", ".join(["{event: " + "x" * 120 + "}"] * 100)
    condition, problems = read(f"any: [{{any: [{long}]}}, {{any: [{long}]}}]")
    assert condition is None
    assert [problem.split(";")[0] for problem in problems] == ["1:1: when"]
    assert "the expression is too long" in problems[0]


def test_where_there_is_no_event_none_can_be_asked_for() -> None:
    reader = Reader("")
    no_event = Scope({}, ["vip"], event=False)
    assert reader.condition(parse("all: [{event: A}]"), "when", no_event) is None
    assert "there is no event here" in reader.problems[0].text


HOSTILE = {
    "10,000 lists": "all: " + "[" * 10_000 + "]" * 10_000,
    "10,000 mappings": "{all: [" * 10_000 + "true" + "]}" * 10_000,
    "10,000 open mappings": "{none: " * 10_000,
    "10,000 dashes": "- " * 10_000 + "true",
    "10,000 levels of indentation": "\n".join(" " * n + "all:" for n in range(1_400)),
    "10,000 conditions": "all: [" + "true," * 10_000 + "true]",
    "many conditions in many lists": "any: [" + f"{{all: [{'true,' * 90}true]}}," * 90 + "true]",
    "many long conditions": "all: [" + f"'{'true && ' * 1_000}true'," * 99 + "true]",
    "100 KB of an expression": f"all: ['{'true && ' * 12_500}true']",
    "nested expressions": f"all: ['{'(' * 10_000}true{')' * 10_000}']",
    "a long path": f"{{field: event.properties{'.a' * 2_000}, is: 1}}",
    "a path of keys": f"{{field: 'event.properties{'[0]' * 1_200}', present: true}}",
    "a long value": f"{{field: event.name, is: {'x' * 100_000}}}",
    "a long number": f"{{field: profile.orders.count, is: {'9' * 100_000}}}",
    "many values": f"{{field: event.name, in: [{'x,' * 10_000}x]}}",
    "an exponential pattern": "{field: event.name, matches: '((((a{9}){9}){9}){9}){9}'}",
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("written", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_condition_is_refused_at_once(written: str) -> None:
    try:
        condition, problems = read(written)
    except Flaw as flaw:  # YAML's reader had enough before
        condition, problems = None, [str(flaw)]
    assert condition is None
    assert 0 < len(problems) <= 100
    assert all(len(problem) < 600 for problem in problems)


BOOK = (
    HEAD
    + """\
offers: {}
segments:
  buyer:
    title: Has bought
    when:
      all:
        - {field: profile.orders.count, at_least: 1}
        - none: [{segment: loud}]
  loud:
    title: Talks
    when: {any: [profile.chat.open, {field: profile.chat.messages, more_than: 3}]}
alerts:
  failed:
    when: {all: [{event: [A, B]}, {segment: buyer}]}
    severity: info
    cooldown: 1h
    message: It failed
"""
)


def test_a_playbook_knows_such_conditions_by_their_expressions() -> None:
    book = parse_playbook(BOOK, "my.yaml")
    assert book.segments["buyer"].source == ('profile.orders.count >= 1 && !("loud" in segments)')
    assert [segment.id for segment in book.order] == ["loud", "buyer"]
    alert = book.alerts["failed"]
    assert alert.source == 'event.name in ["A", "B"] && "buyer" in segments'
    assert sorted(alert.events) == ["A", "B"]


def test_a_circle_of_segments_is_found_in_such_conditions_too() -> None:
    with pytest.raises(PlaybookError, match="buyer -> loud -> buyer"):
        parse_playbook(BOOK.replace("[profile.chat.open,", "[{segment: buyer},"), "my.yaml")


LEAVES: dict[str, str] = {
    "profile.chat.open": "profile.chat.open",
    "{segment: vip}": '"vip" in segments',
    "event.properties.x > 1": "event.properties.x > 1",
    "{field: event.properties.x, is: 1}": "has(event.properties.x) && event.properties.x == 1",
    "customer.member || false": "customer.member || false",
    "'true ? customer.member : false'": "true ? customer.member : false",
}


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> tuple[str, str]:
    """A condition in flow style, and the same one as an expression with brackets around all."""
    if depth == 0 or draw(st.booleans()):
        leaf: tuple[str, str] = draw(st.sampled_from(sorted(LEAVES.items())))
        return leaf
    written, meant = [], []
    for name in draw(st.lists(st.sampled_from(["all", "any", "none"]), min_size=1, unique=True)):
        items = draw(st.lists(trees(depth - 1), min_size=1, max_size=3))
        written.append(f"{name}: [{', '.join(item for item, _ in items)}]")
        inner = (" && " if name == "all" else " || ").join(f"({source})" for _, source in items)
        meant.append(f"({'!' if name == 'none' else ''}({inner}))")
    return f"{{{', '.join(written)}}}", " && ".join(meant)


@settings(max_examples=60, deadline=None)
@given(trees(), st.booleans(), st.sampled_from([{}, {"x": 1}, {"x": 2}, {"x": "a"}]), st.booleans())
def test_whatever_is_nested_it_answers_as_the_expression_does(
    tree: tuple[str, str], talks: bool, properties: dict[str, Any], member: bool
) -> None:
    written, meant = tree
    condition, problems = read(written)
    assert condition is not None, problems
    profile = Profile(
        segments={"vip": 1} if member else {}, traits={"member": member} if talks else {}
    )
    profile.chat.open = talks
    event = Touchpoint("", b"", "m", "c", "click", "track", "A", 0, 0, properties, {}, b"")
    answers: list[bool | None] = []
    for asked in (condition, compile_condition(meant, SCOPE)):
        try:
            answers.append(asked(profile, event, NOW_MS))
        except EvaluationError:
            answers.append(None)
    assert answers[0] is answers[1]
