# ruff: noqa: E501 - an event is a line
"""Tests that stand in a playbook: time passes in them, and they say what has happened when."""

from typing import Any

import pytest

from decisions.cases.case import Wanted
from decisions.cases.coming import span
from decisions.cases.match import There, aligned
from decisions.cases.outcome import Difference, Outcome
from decisions.cases.run import run
from decisions.load import parse_playbook
from decisions.playbook import PlaybookError

BOOK = """\
channels: [click, kiosk]
placements: {home: {channels: [click]}}
segments:
  buyer: {title: Bought, when: profile.orders.count > 0}
  quiet: {title: Bought long ago, when: '"buyer" in segments && now - profile.orders.last_at >= 30d'}
  full: {title: Full cart, when: profile.cart.value > 50.0, until: profile.cart.value < 10.0, dwell: 2h}
offers: {}
alerts:
  left:
    event: Product Added
    absence: {of: event.name == "Order Completed", within: 2h}
    severity: info
    cooldown: 1d
    message: Left with {profile.cart.items}
    until: event.name == "Order Completed"
    escalate: [{after: 30m, message: Still there}, {after: 2h, actions: [{action: log, message: Long}]}]
    actions: [{action: email.request, template: cart, values: {n: profile.cart.items, v: profile.cart.value}}]
  fails:
    event: Kiosk Transaction Failed
    threshold: {count: 3, within: 10m}
    severity: info
    cooldown: 1d
    message: Fails
journeys:
  welcome:
    title: Welcome
    event: Signed Up
    key: event.properties.form
    exit: event.name == "Order Completed"
    steps:
      - {id: breathe, wait: 1h}
      - {action: push.request, template: hello}
      - {id: look, until: event.name == "Product Viewed", timeout: 1d}
  thanks: {title: Thanks, event: Signed Up, steps: [{wait: 1h}]}
tests:
  - name: It is so
"""
ADD = "{channel: click, event: Product Added, properties: {product_id: a, price: 60}}"
ORDER = "{channel: click, event: Order Completed, properties: {total: 10}}"
SIGN = "{channel: click, event: Signed Up, properties: {form: f-1}}"
FAIL = "{channel: kiosk, event: Kiosk Transaction Failed}"
VIEW = "{channel: click, event: Page Viewed}"


def ran(*given: str, expect: str = "") -> Outcome:
    steps = "".join(f"      - {step}\n" for step in given)
    after = f"    expect: {{{expect}}}\n" if expect else ""
    playbook = parse_playbook(f"{BOOK}    given:\n{steps}{after}", "my.yaml")
    return run(playbook.cases[0], playbook)


def only(*given: str, expect: str = "") -> Difference:
    (difference,) = ran(*given, expect=expect).differences
    return difference


def refused(*given: str, expect: str = "") -> list[str]:
    with pytest.raises(PlaybookError) as wrong:
        ran(*given, expect=expect)
    return [line.partition(": ")[2] for line in str(wrong.value).splitlines()]


def missing(*given: str, expect: str) -> list[tuple[Any, ...]]:
    rows = only(*given, expect=expect).rows
    return [(row.text, *row.why) for row in rows if row.sign == "-"]


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        ([ORDER], "at: +30d, segments: [buyer, quiet]"),
        ([ORDER], "at: 30d, segments: [buyer, quiet]"),
        ([ORDER], "at: 2026-01-31, segments: [buyer, quiet]"),
        ([ORDER], "at: +719h, segments: [buyer]"),
        ([ADD], "at: +119m, alerts: [], actions: []"),
        ([ADD], "at: +2h, alerts: [left], actions: [email.request], escalated: []"),
        ([ADD], "at: +150m, escalated: [left]"),
        ([ADD], "at: +4h, escalated: [left, left], actions: [email.request, log]"),
        ([ADD, "{expect: {at: +3h, alerts: [left]}}", ORDER], "cleared: [left]"),
        ([SIGN], "at: +59m, journeys: [{journey: welcome, step: breathe}, thanks]"),
        ([SIGN], "at: +1h, journeys: [{journey: welcome, step: look}], actions: [push.request]"),
        ([SIGN], "at: +25h, journeys: []"),
    ],
)  # fmt: skip - one case a line
def test_time_passes_until_an_expectation_the_instant_included(
    given: list[str], expect: str
) -> None:
    assert ran(*given, expect=expect).differences == ()


def test_what_is_due_before_an_event_has_happened_when_it_comes() -> None:
    late = ORDER.replace("properties", "at: 121m, properties")
    expect = "alerts: [{alert: left, at: 2h}], cleared: [{alert: left, at: 121m}]"
    assert ran(ADD, late, expect=expect).differences == ()


def test_what_is_due_at_the_instant_of_an_event_is_decided_with_it() -> None:
    just = ORDER.replace("properties", "at: 2h, properties")
    assert ran(ADD, just, expect="alerts: [], cleared: []").differences == ()


def test_an_event_after_an_expectation_is_a_second_later_than_that() -> None:
    outcome = ran(
        ADD, "{expect: {at: +1h, alerts: []}}", VIEW, expect="profile: {now: 2026-01-01T01:00:01Z}"
    )
    assert outcome.differences == ()


def test_plus_counts_from_the_event_before_and_not_from_an_expectation() -> None:
    twice = "{expect: {at: +30d, segments: {in: [quiet]}}}"
    between = "{expect: {at: +29d, segments: {not_in: [quiet]}}}"
    assert ran(ORDER, between, twice).differences == ()


@pytest.mark.parametrize(
    ("expect", "what"),
    [
        ("alerts: []", "alerts"),
        ("alerts: [left, left]", "alerts"),
        ("alerts: [{alert: left, at: 119m}]", "alerts"),
        ("alerts: [{alert: left, message: Left with 2}]", "alerts"),
        ("escalated: [left, left]", "escalated"),
        ("escalated: [{alert: left, at: +2h}]", "escalated"),
        ("cleared: [left]", "cleared"),
        ("cleared: {includes: [left]}", "cleared"),
        ("escalated: {excludes: [left]}", "escalated"),
        ("actions: []", "actions"),
        ("actions: [log]", "actions"),
        ("actions: [{action: email.request, at: 1h}]", "actions"),
        ("actions: [{action: email.request, says: {template: cars}}]", "actions"),
        ("actions: [{action: email.request, says: {values: {n: 2}}}]", "actions"),
        ("actions: {excludes: [email.request]}", "actions"),
        ("actions: {includes: [push.request]}", "actions"),
        ("journeys: [welcome]", "journeys"),
        ("journeys: {in: [welcome]}", "journeys"),
        ("segments: [buyer]", "segments"),
    ],
)  # fmt: skip - one case a line
def test_what_has_not_happened_so_is_a_difference(expect: str, what: str) -> None:
    difference = only(ADD, expect=f"at: +150m, {expect}")
    assert (difference.what, difference.events) == (what, 1)
    assert difference.at_ms == 1_767_225_600_000 + 150 * 60_000
    assert difference.expected != difference.got


def test_of_an_action_only_what_is_named_counts_in_mappings_too() -> None:
    expect = "at: 2h, actions: [{action: email.request, at: +2h, says: {values: {v: 60}, origin: {alert: left}}}]"
    assert ran(ADD, expect=expect).differences == ()


def test_a_time_is_compared_to_the_second() -> None:
    """The alert is raised 2 hours after the cart, at no other second."""
    assert ran(ADD, expect="at: 3h, alerts: [{alert: left, at: 2026-01-01T02:00:00Z}]").passed
    for at in ("2026-01-01T01:59:59Z", "2026-01-01T02:00:01Z"):
        assert not ran(ADD, expect=f"at: 3h, alerts: [{{alert: left, at: {at}}}]").passed


def test_actions_are_in_the_order_in_which_they_were_asked_for() -> None:
    difference = only(ADD, expect="at: 4h, actions: [log, email.request]")
    assert difference.got == ["email.request", "log"]
    assert [(row.sign, row.text) for row in difference.rows] == [
        ("-", "log"),
        (" ", "email.request"),
        ("+", "log"),
    ]


def test_as_many_as_possible_stand_beside_what_they_fit() -> None:
    wanted, got = [Wanted(name) for name in "bca"], [There(name) for name in "abc"]
    rows = [(one and one.name, other and other.name) for one, other in aligned(wanted, got)]
    assert rows == [(None, "a"), ("b", "b"), ("c", "c"), ("a", None)]


def test_an_action_that_says_something_else_shows_what_it_says() -> None:
    expect = "at: 2h, actions: [{action: email.request, says: {template: cars, values: {n: 1}}}]"
    difference = only(ADD, expect=expect)
    assert difference.got == [
        {"action": "email.request", "says": {"template": "cart", "values": {"n": 1}}}
    ]
    assert [row.text for row in difference.rows] == [
        'email.request: template = "cars", values = {"n": 1}',
        'email.request: template = "cart", values = {"n": 1}',
    ]
    assert difference.rows[1].why == ("asked for by alert left",)


def test_what_is_to_come_says_when() -> None:
    assert missing(ORDER, expect="at: 10d, segments: [buyer, quiet]") == [
        (
            "quiet",
            'now - profile.orders.last_at >= 30d is false: now = "2026-01-11T00:00:00.000Z", profile.orders.last_at = "2026-01-01T00:00:00.000Z"',
            "not yet: due in 20d, at 2026-01-31T00:00:00.000Z, if no event comes",
        )
    ]
    due = "not yet: due in 1h 30m, at 2026-01-01T02:00:00.000Z, if no event comes"
    assert missing(ADD, expect="at: 30m, alerts: [left]") == [("left", due)]
    assert missing(ADD, expect="at: 30m, actions: [email.request]")[0][-1] == due


def test_what_never_comes_says_no_time() -> None:
    assert missing(VIEW, expect="segments: [buyer]") == [
        ("buyer", "profile.orders.count > 0 is false: profile.orders.count = 0")
    ]


def test_a_journey_says_where_it_waits_and_how_it_ended() -> None:
    waits = "waits for f-1 at step breathe since 2026-01-01T00:00:00.000Z; goes on in 40m, at 2026-01-01T01:00:00.000Z, if no event comes"
    assert missing(SIGN, expect="at: 20m, journeys: {in: [{journey: welcome, step: look}]}") == [
        ('welcome: step = "look"', waits)
    ]
    assert (
        missing(SIGN, expect="at: 20m, actions: [push.request]")[0][1]
        == f"journey welcome: {waits}"
    )
    until = 'waits for f-1 at step look since 2026-01-01T01:00:00.000Z until event.name == "Product Viewed"; goes on in 23h, at 2026-01-02T01:00:00.000Z, at the latest'
    assert missing(SIGN, expect="at: 2h, journeys: {in: [{journey: welcome, key: f-2}]}") == [
        ('welcome: key = "f-2"', until)
    ]
    over = "over since 2026-01-01T00:00:01.000Z: exit, at step breathe"
    assert missing(SIGN, ORDER, expect="journeys: {in: [welcome]}") == [("welcome", over)]
    assert missing(VIEW, expect="journeys: {in: [welcome]}") == [
        ("welcome", "there was no Signed Up")
    ]


def test_an_alert_that_counts_says_how_far_it_has_come() -> None:
    assert missing(FAIL, FAIL, expect="alerts: [fails]") == [("fails", "2 of 3 events within 10m")]


def test_an_escalation_that_did_not_come_says_who_had_acknowledged() -> None:
    ack = "{channel: click, event: Alert Acknowledged, at: 121m, properties: {alert: left}}"
    found = missing(ADD, ack, expect="at: 5h, escalated: [left], acknowledged: [left]")
    assert found == [
        (
            "left",
            'raised once, at last as "Left with 1"',
            "acknowledged once, at last at 2026-01-01T02:01:00.000Z",
        )
    ]


@pytest.mark.parametrize(
    ("given", "expect", "line"),
    [
        (
            [
                ORDER,
                "{expect: {at: +1h, segments: [buyer]}}",
                "{channel: click, event: E, at: +30m}",
            ],
            "segments: [buyer]",
            "tests[1].given[3].at; expected no time before that of the expectation before it, 2026-01-01T01:00:00.000Z, got 2026-01-01T00:30:00.000Z",
        ),
        (
            [ORDER.replace("properties", "at: 2h, properties")],
            "at: 1h, segments: [buyer]",
            "tests[1].expect.at; expected no time before that of the event before it, 2026-01-01T02:00:00.000Z, got 2026-01-01T01:00:00.000Z",
        ),
        (
            [ADD],
            "at: 2h, alerts: [{alert: left, at: 3h}]",
            "tests[1].expect.alerts.at, which can never match; expected no time after that of what is expected, 2026-01-01T02:00:00.000Z, got 2026-01-01T03:00:00.000Z",
        ),
        (
            [ADD],
            "actions: [webhook]",
            'tests[1].expect.actions, which can never match; expected an action that a rule asks for: email.request, push.request, log, got "webhook"',
        ),
        (
            [ADD],
            "actions: [{action: log, says: {mesage: x}}]",
            'unknown name in tests[1].expect.actions.says; expected one of message, origin, requires_approval, idempotency_key, expires_at, got "mesage"; did you mean "message"?',
        ),
        (
            [FAIL],
            "escalated: [fails]",
            "tests[1].expect.escalated, which can never match; expected `escalate` in the alert fails, got none",
        ),
        (
            [FAIL],
            "cleared: [fails]",
            "tests[1].expect.cleared, which can never match; expected `until` in the alert fails, got none",
        ),
        (
            [FAIL],
            "acknowledged: [fails]",
            "tests[1].expect.acknowledged, which can never match; expected an event before it that acknowledges an alert: Alert Acknowledged, got none",
        ),
        (
            [SIGN],
            "journeys: [{journey: welcome, step: breath}]",
            'tests[1].expect.journeys.step; expected one of breathe, 2, look, got "breath"; did you mean "breathe"?',
        ),
        (
            [SIGN],
            "journeys: [{journey: thanks, key: f-1}]",
            'tests[1].expect.journeys.key, which can never match; expected none, as the journey thanks has none, got "f-1"',
        ),
        (
            [SIGN],
            "journeys: {in: [welcome], not_in: [welcome]}",
            "tests[1].expect.journeys, which can never match; expected welcome in one of in and not_in, got it in both",
        ),
    ],
)  # fmt: skip - one case a line
def test_what_can_never_be_is_refused_in_one_sentence(
    given: list[str], expect: str, line: str
) -> None:
    assert refused(*given, expect=expect) == [line]


def test_journeys_are_expected_in_any_order() -> None:
    assert ran(SIGN, expect="journeys: [thanks, welcome]").differences == ()
    assert ran(SIGN, expect="journeys: [welcome, thanks]").differences == ()


@pytest.mark.parametrize(
    ("ms", "said"),
    [(1, "1ms"), (90_061_000, "1d 1h"), (3_600_000, "1h"), (86_460_000, "1d"), (61_001, "1m 1s")],
)
def test_a_span_is_said_in_its_two_largest_units(ms: int, said: str) -> None:
    assert span(ms) == said
