# ruff: noqa: E501 - an error is one line of output, and stands here as one
"""Tests that stand in a playbook: how they are run, and what is said when they fail."""

from typing import Any

import pytest

from decisions.cases.outcome import Difference, Outcome
from decisions.cases.run import run
from decisions.load import parse_playbook
from tests.decisions.casebook import BOOK, ORDER, VIEW, written


def ran(case: str) -> Outcome:
    playbook = parse_playbook(written(case), "my.yaml")
    return run(playbook.cases[0], playbook)


def only(case: str) -> Difference:
    (difference,) = ran(case).differences
    return difference


def rows(case: str) -> list[tuple[Any, ...]]:
    return [(row.sign, row.text, *row.why) for row in only(case).rows]


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


def test_values_are_equal_as_in_json_where_true_is_not_1_but_2_is_2_0() -> None:
    case = "given: [%s]\nexpect: {profile: {'[true, 1][1]': %s, '[2.0, 1][0]': 2}}"
    assert ran(case % (VIEW, 1)).passed
    assert only(case % (VIEW, "true")).got == 1


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


@pytest.mark.parametrize("asked", ['in_segment("buyer")', "{segment: buyer}"])
def test_a_segment_that_is_asked_for_in_another_way_is_explained_too(asked: str) -> None:
    when = 'when: profile.affinity["shoes"] >= 2.0 && "buyer" in segments'
    assert when in BOOK
    other = f"when: {{all: ['profile.affinity[\"shoes\"] >= 0.5', '{asked}']}}"
    if asked.startswith("{"):
        other = other.replace(f"'{asked}'", asked)
    text = written(f"given: [{VIEW}]\nexpect: {{segments: [fan]}}").replace(when, other)
    playbook = parse_playbook(text, "my.yaml")
    (difference,) = run(playbook.cases[0], playbook).differences
    assert (
        difference.rows[0].why[-1] == "profile.orders.count > 0 is false: profile.orders.count = 0"
    )
    assert len(difference.rows[0].why) == 2


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
    playbook = parse_playbook(f"limits: {{duplicates: {{within: 7d}}}}\n{written(case)}", "my.yaml")
    assert run(playbook.cases[0], playbook).differences == ()


def test_an_id_that_comes_again_after_the_window_is_another_event() -> None:
    case = """
        given:
          - {channel: click, event: E, id: m-1}
          - {channel: click, event: E, id: m-1, at: 24h}
          - expect: {profile: {'profile.events["E"]': 1}}
          - {channel: click, event: E, id: m-1, at: 86401s}
        expect: {profile: {'profile.events["E"]': 2}}
        """
    assert ran(case).differences == ()


@pytest.mark.parametrize("start", ["0001-01-01", "1969-12-31", "2106-02-07", "9998-12-31"])
def test_a_case_may_play_in_any_year(start: str) -> None:
    case = f"""
        start: {start}
        given: [{VIEW}]
        expect: {{segments: []}}
        """
    assert ran(case).differences == ()


def test_offers_in_another_order_are_another_result() -> None:
    book = BOOK.replace("title: Coffee, lever: 1", "title: Coffee, lever: 2")
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


def test_an_alert_says_what_its_condition_read_then() -> None:
    text = written("""
        given:
          - {channel: click, event: Order Completed, properties: {total: 10.0}}
          - {channel: kiosk, event: Kiosk Transaction Completed, properties: {total: 10.0}}
        expect: {alerts: [order], profile: {profile.orders.count: 2}}
        """)
    playbook = parse_playbook(
        text.replace("event.properties.total > 9.0", "profile.orders.count >= 2"), "my.yaml"
    )
    (difference,) = run(playbook.cases[0], playbook).differences
    (row,) = difference.rows
    assert row.why == ("profile.orders.count >= 2 is false: profile.orders.count = 1",)


def test_an_offer_that_lost_the_draw_says_so() -> None:
    case = f"given: [{VIEW}]\nexpect: {{offers: {{home: [%s]}}}}"
    equal = "lever: 2, value: 2"
    book = BOOK.replace("'\"buyer\" in segments', lever: 3, value: 2", f"'true', {equal}")
    served = parse_playbook(book.removesuffix("tests:\n"), "my.yaml").offers
    assert served["hello"].treatments[0].score == served["thanks"].treatments[0].score
    books = [
        parse_playbook(written(case % name).replace(BOOK, book), "my.yaml")
        for name in ("hello", "thanks")
    ]
    lost = [d.rows[0] for one in books for d in run(one.cases[0], one).differences]
    ((name, why),) = [(row.text, row.why) for row in lost]
    won = {"hello": "thanks", "thanks": "hello"}[name]
    assert why == (f"{won} has the same score, 4, and won the draw",)


def test_an_offer_below_another_says_both_scores_and_speaks_of_no_draw() -> None:
    book = BOOK.replace("'\"buyer\" in segments', lever: 3, value: 2", "'true', lever: 3, value: 2")
    text = written(f"given: [{VIEW}]\nexpect: {{offers: {{home: [hello]}}}}").replace(BOOK, book)
    playbook = parse_playbook(text, "my.yaml")
    thanks, hello = (playbook.offers[name].treatments[0] for name in ("thanks", "hello"))
    assert thanks.score > hello.score
    (difference,) = run(playbook.cases[0], playbook).differences
    missing = [(row.text, row.why) for row in difference.rows if row.sign == "-"]
    assert missing == [("hello", ("thanks stands in home with the higher score, 6 to 4",))]


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


def test_an_alert_is_explained_at_the_last_event_that_asked_for_it() -> None:
    case = """
        given:
          - {channel: click, event: Order Completed, properties: {total: 5.0}}
          - {channel: click, event: Order Completed, properties: {total: "20"}}
        expect: {alerts: [order]}
        """
    why = "event.properties.total > 9.0 is an error (values of types that do not go together)"
    assert rows(case) == [("-", "order", why)]


def test_segments_are_expected_in_any_order() -> None:
    given = f"given: [{ORDER}, {VIEW}, {VIEW}, {VIEW}]"
    assert ran(f"{given}\nexpect: {{segments: [fan, buyer]}}").differences == ()
