"""What is wrong with an action, a routing table or a reference is named with its place."""

import pytest

from tests.decisions.actions.asked import wrong
from tests.decisions.someone import HEAD, book

HOOK = "{action: webhook, url: 'https://crm.example/%s'}"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{action: emial.request, template: t}", 'did you mean "email.request"?'),
        ("{message: m}", "missing key in alerts.asked.actions[1]; expected action: webhook, email"),
        ("just text", "expected a mapping such as {action: log, message: ...}"),
        ("{action: log, message: m, template: t}", "unknown key in alerts.asked.actions[1]"),
        ("{action: log}", "missing key in alerts.asked.actions[1]; expected message"),
        ("{action: log, message: '{event.nmae}'}", 'did you mean "name"?'),
        ("{action: log, message: m, expiry: 31d}", "expected a duration from 1m to 30d"),
        ("{action: log, message: m, requires_approval: 'true'}", "expected true or false"),
        ("{action: email.request, template: t, to: 1 + 1}", "a value of type string, got int"),
        ("{action: email.request, template: t, values: {a b: '1'}}", "an id in alerts.asked"),
        ("{action: lead.route, table: laeds}", 'did you mean "leads"?'),
        ("{action: lead.route, table: leads, score: event.name}", "type double, got string"),
        ("{action: push.request, values: {}}", "expected a template or a text, got neither"),
        ("{action: push.request, template: t, text: x}", "expected it without a template"),
        ("{action: ticket.request, queue: q, subject: s, text: t, priority: p}", "one of low, nor"),
        ("{action: webhook, url: ftp://x/}", "expected https://, a host without placeholders"),
        ("{action: webhook, url: 'https://{event.name}/x'}", "a host without placeholders"),
        ("{action: webhook, url: 'https://crm.{event.name}/x'}", "a host without placeholders"),
        ("{action: webhook, url: 'https://crm.example@evil/'}", "a host without placeholders"),
        (HOOK % "a b", "no spaces"),
        ("{action: webhook, url: 'https://x/', method: GET}", "expected one of POST, PUT"),
        ("{action: webhook, url: 'https://x/', headers: {Host: x}}", "sending does not bring"),
        ("{action: webhook, url: 'https://x/', headers: {a: x, A: y}}", "expected each once"),
        ("{action: webhook, url: 'https://x/', headers: {a_b: x}}", "letters, 0-9 and -"),
        ('{action: webhook, url: "https://x/", headers: {a: "x\\r\\nb: y"}}', "expected one line"),
        ("{action: webhook, url: 'https://x/', headers: {a: {secret: x y}}}", "a name in A-Z"),
        ("{action: webhook, url: 'https://x/', payload: {a: {secert: X}}}", '"secret"?'),
    ],
)
def test_what_is_wrong_with_an_action_is_named(written: str, told: str) -> None:
    assert told in wrong(written)


def test_an_alert_asks_for_five_actions_at_most() -> None:
    five = ["{action: log, message: m}"] * 5
    assert wrong(*five) == ""
    assert "actions; expected 1 to 5 entries, got 6" in wrong(*five, *five[:1])


def test_an_address_may_end_with_its_host_or_go_on_with_a_query() -> None:
    for url in ("https://x.example", "http://x.example:8080?a={event.name}", "https://x/#a"):
        assert wrong(f"{{action: webhook, url: '{url}'}}") == ""


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("[]", "expected 1 to 200 entries, got 0"),
        ("[{queue: a}, {queue: b}]", "routes.t[1]; expected a region or a score"),
        ("[{region: DE, queue: a}]", "routes.t[1]; expected a last row for all the rest"),
        ("[{score: {from: 1}, queue: a}]", "routes.t[1]; expected a last row for all the rest"),
        ("[{region: DE}, {queue: a}]", "missing key in routes.t[1]; expected queue"),
        ("[{score: {}, queue: a}, {queue: b}]", "at least one of from, to"),
        ("[{score: {from: 5, to: 5}, queue: a}, {queue: b}]", "a `to` above its `from`"),
        ("{queue: a}", "routes.t; expected a list"),
    ],
)
def test_what_is_wrong_with_a_routing_table_is_named(rows: str, told: str) -> None:
    with pytest.raises(ValueError, match=r"routes\.t") as caught:
        book(f"routes:\n  t: {rows}\n", head=HEAD)
    assert told in str(caught.value)


def test_a_row_whose_score_is_wrong_is_not_blamed_for_having_none() -> None:
    with pytest.raises(ValueError, match=r"routes\.t") as caught:
        book("routes:\n  t: [{score: {from: -2e9}, queue: a}, {queue: b}]\n", head=HEAD)
    (problem,) = str(caught.value).splitlines()
    wanted = "score.from; expected a number from -1000000000 to 1000000000, got"
    assert f"routes.t[1].{wanted}" in problem
