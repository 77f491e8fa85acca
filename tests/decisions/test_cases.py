# ruff: noqa: E501 - an error is one line of output, and stands here as one
"""Tests that stand in a playbook: how they are read, run, and what is said when they fail."""

from textwrap import dedent, indent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.events import decode, event
from decisions.cases import read
from decisions.cases.outcome import Difference, Outcome
from decisions.cases.run import run
from decisions.format import case_keys
from decisions.format.keys import Text
from decisions.load import parse_playbook
from decisions.playbook import Playbook, PlaybookError

BOOK = """\
channels: [click, email, kiosk]
traits: {city: string, age: int}
placements:
  home: {channels: [click]}
  shop: {channels: [kiosk], offers: 2}
segments:
  buyer: {title: Bought, when: profile.orders.count > 0}
  fan:
    title: Likes shoes
    when: profile.affinity["shoes"] >= 2.0 && "buyer" in segments
offers:
  hello: {title: Hello, when: '!("buyer" in segments)', priority: 2, value: 2, channels: [click], placements: home, ttl: 7d}
  thanks: {title: Thanks, when: '"buyer" in segments', priority: 3, value: 2, channels: [click], placements: home, ttl: 7d}
  spring: {title: Spring, priority: 1, value: 1, channels: [kiosk], placements: shop, ttl: 7d, start: 2026-03-01, end: 2026-03-31}
  coffee: {title: Coffee, priority: 1, value: 1, channels: [kiosk], placements: shop, ttl: 7d, fallback: true}
alerts:
  order: {event: Order Completed, when: event.properties.total > 9.0, severity: info, cooldown: 1h, message: 'Order {event.properties.total}'}
tests:
"""
ORDER = "{channel: click, event: Order Completed, properties: {total: 10.5}}"
VIEW = "{channel: click, event: Product Viewed, properties: {category: shoes}}"


def written(case: str) -> str:
    lines = indent(dedent(case).strip(), "    ")
    return f"{BOOK}  - name: It is so\n{lines}\n"


def ran(case: str) -> Outcome:
    playbook = parse_playbook(written(case), "my.yaml")
    return run(playbook.cases[0], playbook)


def only(case: str) -> Difference:
    (difference,) = ran(case).differences
    return difference


def rows(case: str) -> list[tuple[Any, ...]]:
    return [(row.sign, row.text, *row.why) for row in only(case).rows]


def refused(case: str) -> list[str]:
    with pytest.raises(PlaybookError) as wrong:
        parse_playbook(written(case), "my.yaml")
    return [line.partition(": ")[2] for line in str(wrong.value).splitlines()]


@pytest.mark.parametrize(
    "expect",
    [
        "segments: [buyer]",
        "segments: buyer",
        "segments: {in: [buyer], not_in: [fan]}",
        "offers: {home: [thanks], shop: [coffee]}",
        "offers: {home: {includes: [thanks], excludes: [hello]}}",
        "alerts: [order]",
        "alerts: [{alert: order, message: Order 10.5}]",
        "alerts: {includes: [{alert: order, message: Order 10.5}]}",
        "profile: {profile.orders.count: 1, profile.orders.value: 10.5, profile.cart.product_ids: []}",
        "profile: {profile.orders.last_at: 2026-01-01T00:00:00Z, now - profile.orders.last_at: 0}",
        "profile: {profile.email.unsubscribed: false, customer.city: Berlin}",
        'that: [profile.orders.value > 10.0, customer.city == "Berlin", \'"buyer" in segments\']',
    ],
)
def test_what_is_so_passes(expect: str) -> None:
    assert ran(f"traits: {{city: Berlin}}\ngiven: [{ORDER}]\nexpect: {{{expect}}}").passed


@pytest.mark.parametrize(
    ("expect", "what"),
    [
        ("segments: []", "segments"),
        ("segments: [buyer, fan]", "segments"),
        ("segments: {in: [fan]}", "segments"),
        ("segments: {not_in: [buyer]}", "segments"),
        ("offers: {home: []}", "offers in home"),
        ("offers: {home: [hello]}", "offers in home"),
        ("offers: {home: {excludes: [thanks]}}", "offers in home"),
        ("offers: {shop: [spring]}", "offers in shop"),
        ("alerts: []", "alerts"),
        ("alerts: [order, order]", "alerts"),
        ("alerts: [{alert: order, message: Order 10}]", "alerts"),
        ("alerts: {excludes: [order]}", "alerts"),
        ("profile: {profile.orders.count: 2}", "profile.orders.count"),
        ("profile: {profile.cart.product_ids: [a]}", "profile.cart.product_ids"),
        ("profile: {customer.age: 3}", "customer.age"),
        ("profile: {profile.orders.last_at: 2026-01-01T00:00:01Z}", "profile.orders.last_at"),
        ("that: [profile.orders.count > 1]", "profile.orders.count > 1"),
        ("that: [customer.age > 1]", "customer.age > 1"),
    ],
)
def test_what_is_not_so_fails_and_is_named(expect: str, what: str) -> None:
    difference = only(f"given: [{ORDER}]\nexpect: {{{expect}}}")
    assert difference.what == what
    assert difference.line == BOOK.count("\n") + 3
    assert difference.expected != difference.got


def test_a_segment_says_which_part_of_its_condition_is_false_and_what_it_read() -> None:
    assert rows(f"given: [{VIEW}]\nexpect: {{segments: [fan]}}") == [
        (
            "-",
            "fan",
            'profile.affinity["shoes"] >= 2.0 is false: profile.affinity["shoes"] = 1.0',
            '"buyer" in segments is false',
            "profile.orders.count > 0 is false: profile.orders.count = 0",
        )
    ]


def test_an_offer_says_why_it_is_not_there_and_another_why_it_is() -> None:
    assert rows(f"given: [{VIEW}]\nexpect: {{offers: {{home: [thanks]}}}}") == [
        (
            "-",
            "thanks",
            '"buyer" in segments is false',
            "profile.orders.count > 0 is false: profile.orders.count = 0",
        ),
        ("+", "hello", '!("buyer" in segments) is true'),
    ]


@pytest.mark.parametrize(
    ("start", "expected", "why"),
    [
        (
            "2026-02-28",
            "spring",
            "it starts at 2026-03-01T00:00:00.000Z, now is 2026-02-28T00:00:00.000Z",
        ),
        (
            "2026-04-01",
            "spring",
            "it ended at 2026-04-01T00:00:00.000Z, now is 2026-04-01T00:00:00.000Z",
        ),
        ("2026-03-15", "coffee", "it is a fallback, and spring fits"),
    ],
)  # fmt: skip - one case a line
def test_an_offer_that_is_not_open_or_outranked_says_so(
    start: str, expected: str, why: str
) -> None:
    case = f"start: {start}\ngiven: [{VIEW}]\nexpect: {{offers: {{shop: [{expected}]}}}}"
    assert rows(case)[0] == ("-", expected, why)


def test_a_condition_with_comments_is_taken_apart_as_it_stands_in_the_file() -> None:
    when = 'when: profile.affinity["shoes"] >= 2.0 && "buyer" in segments'
    assert when in BOOK
    commented = """when: |
      profile.affinity["shoes"] >= 0.5 // likes && loves
      && ("buyer" in segments // or not
      )"""
    text = written(f"given: [{VIEW}]\nexpect: {{segments: [fan]}}").replace(when, commented)
    playbook = parse_playbook(text, "my.yaml")
    (difference,) = run(playbook.cases[0], playbook).differences
    assert [row.why for row in difference.rows] == [('("buyer" in segments // or not ) is false',)]


def test_what_is_expired_is_served_no_more() -> None:
    """A repeated event decides nothing, so the offer still stands in the profile."""
    case = """
        given:
          - {channel: click, event: E, id: m-1}
          - expect: {offers: {home: [hello]}}
          - {channel: click, event: E, id: m-1, at: 7d}
        expect: {offers: {home: []}}
        """
    assert ran(case).differences == ()


def test_offers_in_another_order_are_another_result() -> None:
    book = BOOK.replace("title: Coffee, priority: 1", "title: Coffee, priority: 2")
    book = book.replace(", fallback: true", "")
    text = f"{book}  - name: x\n    start: 2026-03-15\n    given: [{VIEW}]\n    expect: {{offers: {{shop: [spring, coffee]}}}}\n"
    playbook = parse_playbook(text, "my.yaml")
    (difference,) = run(playbook.cases[0], playbook).differences
    assert difference.got == ["coffee", "spring"]


def test_an_alert_says_what_was_false_at_its_last_event_and_not_later() -> None:
    case = f"""
        given:
          - {{channel: click, event: Order Completed, properties: {{total: 5.0}}}}
          - {VIEW}
        expect: {{alerts: [order]}}
        """
    assert rows(case) == [("-", "order", "event.properties.total > 9.0 is false")]


def test_an_alert_that_cooled_down_says_how_often_it_was_raised() -> None:
    found = rows(f"given: [{ORDER}, {ORDER}]\nexpect: {{alerts: [order, order]}}")
    assert found == [(" ", "order"), ("-", "order", 'raised once, at last as "Order 10.5"')]


def test_an_expectation_between_events_sees_what_was_so_then() -> None:
    outcome = ran(f"""
        given:
          - {VIEW}
          - expect: {{segments: [], offers: {{home: [hello]}}, alerts: []}}
          - {ORDER}
        expect: {{offers: {{home: [thanks]}}, alerts: [order]}}
        """)
    assert outcome.passed


@pytest.mark.parametrize(
    ("at", "moment"),
    [
        ("", "2026-02-01T10:00:01Z"),
        (", at: 0s", "2026-02-01T10:00:00Z"),
        (", at: 2h", "2026-02-01T12:00:00Z"),
        (", at: +30m", "2026-02-01T10:30:00Z"),
        (", at: 2026-02-03", "2026-02-03T00:00:00Z"),
        (", at: '2026-02-01T12:00:00+01:00'", "2026-02-01T11:00:00Z"),
        (", times: 3", "2026-02-01T10:00:03Z"),
    ],
)
def test_an_event_happens_when_it_is_said_to(at: str, moment: str) -> None:
    case = f"""
        start: 2026-02-01T10:00:00Z
        given:
          - {VIEW}
          - {{channel: click, event: E{at}}}
        expect: {{profile: {{profile.last_at: {moment}, now: {moment}}}}}
        """
    assert ran(case).differences == ()


def test_what_was_before_the_start_is_history() -> None:
    case = f"""
        start: 2026-02-01
        given:
          - {ORDER[:-1]}, at: 100d before}}
          - {{channel: click, type: page, at: 0s}}
        expect: {{profile: {{profile.orders.count_90d: 0, profile.orders.count: 1, now: 2026-02-01}}}}
        """
    assert ran(case).differences == ()


def test_types_traits_and_repeated_ids_are_those_of_a_topic() -> None:
    case = """
        given:
          - {channel: click, type: identify, traits: {city: Berlin, shoe: 42}}
          - {channel: click, type: page, id: m-1}
          - {channel: click, type: page, id: m-1}
        expect:
          that: [customer.city == "Berlin", 'profile.events["Page Viewed"] == 1', 'profile.events["Identified"] == 1']
        """
    assert ran(case).differences == ()


def test_limits_and_names_are_the_decoder_s() -> None:
    assert case_keys.FIXED_NAMES == event.FIXED_NAMES
    assert (read.MAX_BYTES, read.MAX_KEYS) == (decode.MAX_BYTES, decode.MAX_KEYS)
    assert read.CONTROL.pattern == decode.CONTROL.pattern
    assert case_keys.CASE["customer"].kind == Text(decode.MAX_ID_CHARACTERS)


WHERE = "tests[1].expect"
LONG = "x" * 129


@pytest.mark.parametrize(
    ("case", "line"),
    [
        (
            f"given: [{VIEW}]",
            "tests[1]; expected an expect, without which nothing is tested, got none",
        ),
        (
            "given: []\nexpect: {alerts: [order]}",
            f"{WHERE}, which can never match; expected an event before it, since rules are asked at events, got none",
        ),
        (
            f"given: [{VIEW}]\nexpect: {{alerts: [order]}}",
            f"{WHERE}.alerts, which can never match; expected an event before it at which order is asked: Order Completed, got none",
        ),
        (
            f"given: [{VIEW}]\nexpect: {{offers: {{home: [spring]}}}}",
            f'{WHERE}.offers.home, which can never match; expected an offer that is served in home: hello, thanks, got "spring"',
        ),
        (
            f"given: [{VIEW}]\nexpect: {{offers: {{home: [hello, thanks]}}}}",
            f"{WHERE}.offers.home, which can never match; expected at most 1 of them, as home holds no more, got 2",
        ),
        (
            f"given: [{VIEW}]\nexpect: {{offers: {{shop: [spring, coffee]}}}}",
            f"{WHERE}.offers.shop, which can never match; expected coffee alone, since it stands only where nothing else fits, got others beside it",
        ),
        (
            f"given: [{VIEW}]\nexpect: {{segments: {{in: [fan], not_in: [fan]}}}}",
            f"{WHERE}.segments, which can never match; expected fan in one of in and not_in, got it in both",
        ),
        (
            f"given: [{VIEW}]\nexpect: {{profile: {{profile.orders.count: '1'}}}}",
            f'{WHERE}.profile: profile.orders.count, which can never match; expected a value of type int, got "1"',
        ),
        (
            f"given: [{VIEW}]\nexpect: {{profile: {{profile.orders.count: 1.5}}}}",
            f'{WHERE}.profile: profile.orders.count, which can never match; expected a value of type int, got "1.5"',
        ),
        (
            f"given: [{VIEW}]\nexpect: {{segments: [byer]}}",
            f'{WHERE}.segments; expected one of buyer, fan, got "byer"; did you mean "buyer"?',
        ),
        (
            f"given: [{VIEW}]\nexpect: {{offers: {{hom: []}}}}",
            f'{WHERE}.offers; expected one of home, shop, got "hom"; did you mean "home"?',
        ),
        (
            f"given: [{VIEW}]\nexpect: {{alerts: {{excludes: [ordr]}}}}",
            f'{WHERE}.alerts.excludes; expected one of order, got "ordr"; did you mean "order"?',
        ),
        (
            f'given: [{VIEW}]\nexpect: {{that: [event.name == "E"]}}',
            f'{WHERE}.that; there is no event here; expected one of customer, now, profile, segments, got event; did you mean "segments"?',
        ),
        (
            "given: [{channel: clik, event: E}]\nexpect: {segments: []}",
            'tests[1].given[1].channel; expected one of click, email, kiosk, got "clik"; did you mean "click"?',
        ),
        (
            "given: [{channel: click}]\nexpect: {segments: []}",
            "missing key in tests[1].given[1]; expected event, as the type is track, got nothing",
        ),
        (
            "given: [{channel: click, type: page, event: E}]\nexpect: {segments: []}",
            'tests[1].given[1].event; expected Page Viewed, as the type is page, got "E"',
        ),
        (
            f"given: [{{channel: click, event: {LONG}}}]\nexpect: {{segments: []}}",
            "tests[1].given[1].event; expected at most 128 characters, got 129",
        ),
        (
            f"given: [{{channel: click, event: E, id: {LONG}}}]\nexpect: {{segments: []}}",
            "tests[1].given[1].id; expected at most 128 characters, got 129",
        ),
        (
            f"given: [{{channel: click, event: E, properties: {{a: {LONG * 300}}}}}]\nexpect: {{segments: []}}",
            "tests[1].given[1]; expected at most 32,768 bytes, more is refused, got 38,753",
        ),
        (
            "given: [{channel: click, event: E, at: 2h}, {channel: click, event: E, at: 1h}]\nexpect: {segments: []}",
            "tests[1].given[2].at; expected no time before that of the event before it, 2026-01-01T02:00:00.000Z, got 2026-01-01T01:00:00.000Z",
        ),
        (
            "given: [{channel: click, event: E, at: soon}]\nexpect: {segments: []}",
            'tests[1].given[1].at; expected a time such as 2h, +30m, 100d before or 2026-05-10T12:00:00Z, got "soon"',
        ),
        (
            "given: [{channel: click, event: E, at: 99999d before}]\nexpect: {segments: []}",
            'tests[1].given[1].at; expected a time between 1970 and 9999, got "99999d before"',
        ),
        (
            f"traits: {{town: Berlin}}\ngiven: [{VIEW}]\nexpect: {{segments: []}}",
            'unknown trait in tests[1].traits.town; expected one of city, age, got "town"',
        ),
        (
            f"traits: {{age: old}}\ngiven: [{VIEW}]\nexpect: {{segments: []}}",
            'tests[1].traits.age; expected a value that is kept as int, got "old"',
        ),
        (
            f"given: [{VIEW}, {{channel: click, expect: {{segments: []}}}}]\nexpect: {{segments: []}}",
            "tests[1].given[2]: an expect stands alone; expected expect, got channel",
        ),
        (
            f"given: [{VIEW}]\nexpect: {{}}",
            f"{WHERE}; expected at least one of segments, offers, alerts, profile, that, got none of them",
        ),
    ],
)  # fmt: skip - one case a line
def test_what_can_never_match_is_refused_in_one_sentence(case: str, line: str) -> None:
    assert line in refused(case)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_whatever_is_cut_out_of_a_case_it_is_run_or_refused_with_places(
    data: st.DataObject,
) -> None:
    case = f"""
        start: 2026-02-01
        traits: {{city: Berlin}}
        given: [{ORDER}, {{expect: {{segments: [buyer]}}}}, {{channel: click, type: page, at: +1h, id: m}}]
        expect: {{offers: {{home: {{includes: [thanks]}}}}, alerts: [{{alert: order, message: Order 10.5}}], profile: {{now: 2026-02-01T01:00:00Z}}, that: ['true']}}
        """
    text = written(case)
    start = data.draw(st.integers(len(BOOK), len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    filler = data.draw(st.sampled_from(["", "x", ": ", "- ", "[", "{}", "null", "5", "(", "now"]))
    playbook = parsed(text[:start] + filler + text[end:])
    if isinstance(playbook, PlaybookError):
        assert all(line.startswith("my.yaml:") for line in str(playbook).splitlines())
    else:
        assert [run(case, playbook).case for case in playbook.cases] == list(playbook.cases)


def parsed(text: str) -> Playbook | PlaybookError:
    try:
        return parse_playbook(text, "my.yaml")
    except PlaybookError as error:
        return error


def test_two_cases_of_one_name_are_refused_with_both_lines() -> None:
    case = written(f"given: [{VIEW}]\nexpect: {{segments: []}}")
    again = case.removeprefix(BOOK)
    first, second = (text.count("\n") + 1 for text in (BOOK, case))
    with pytest.raises(PlaybookError) as wrong:
        parse_playbook(case + again, "my.yaml")
    said = (
        f'{second}:5: tests[2].name; expected each name once (line {first} has it), got "It is so"'
    )
    assert str(wrong.value) == f"my.yaml:{said}"


def test_tests_are_no_part_of_the_version() -> None:
    without = parse_playbook(BOOK.removesuffix("tests:\n"), "my.yaml")
    assert without.cases == ()
    tested = parse_playbook(written(f"given: [{VIEW}]\nexpect: {{segments: []}}"), "my.yaml")
    assert tested.version == without.version
    assert [case.name for case in tested.cases] == ["It is so"]
