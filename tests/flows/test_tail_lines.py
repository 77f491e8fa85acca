"""What `touchline tail` chooses and how it tells it: no service needed."""

import re
from typing import Any

import click
import pytest
from msgspec.json import encode

from connectors.kafka.reader import Place
from connectors.kafka.reader import Record as Logged
from connectors.kafka.topics import ACTIONS, ENRICHED
from connectors.published import schema_examples as examples
from connectors.published.record_types import ActionRecord, read_action
from connectors.published.schema_requests import REQUESTS
from flows.commands.tail.lines import line_of
from flows.commands.tail.reading import Intake
from flows.commands.tail.selection import ACTION_KINDS, ALERTS, select

DAY_MS = 86_400_000
JANUARY_MS = 1_767_225_600_000
BODIES: dict[str, dict[str, Any]] = {
    "offer.decided": {
        "offer_id": "tea",
        "decision_id": "0",
        "channel": "click",
        "score": 900.0,
        "placement": "home",
        "reasons": ["likes tea"],
        "expires_at": "2026-01-08T00:00:00.000Z",
    },
    "offer.answered": {
        "offer_id": "welcome",
        "channel": "click",
        "placement": "home",
        "answer": "clicked",
    },
    "alert.raised": {"alert": "vip_unhappy", "severity": "critical", "message": "Rated 1\x1b[2J"},
    "alert.escalated": {
        "alert": "kiosk_failing",
        "severity": "critical",
        "message": "Nobody looks",
        "key": "k-3",
        "raised_at": "2026-01-01T12:00:00.000Z",
        "step": 1,
    },
    "alert.acknowledged": {
        "alert": "kiosk_failing",
        "severity": "warning",
        "key": "k-3",
        "raised_at": "2026-01-01T12:00:00.000Z",
    },
    "alert.cleared": {
        "alert": "vip_unhappy",
        "severity": "warning",
        "raised_at": "2026-01-01T12:00:00.000Z",
    },
    "segment.entered": {"segment": "vip", "since": "2026-01-01T00:00:00.000Z"},
    "segment.exited": {"segment": "vip", "since": "2025-12-31T23:59:00.000Z"},
    "journey.started": examples.action("journey.started")["body"],
    "journey.ended": examples.action("journey.ended")["body"],
    **{kind: examples.action(kind)["body"] for kind in REQUESTS},
    "push.request": examples.action("push.request")["body"]
    | {"origin": {"journey": "abandoned_cart", "version": "0", "run": "1", "step": "2"}},
}


def published(kind: str, **fields: Any) -> bytes:
    return encode(
        {
            "id": "0",
            "kind": kind,
            "customer_id": "ann",
            "caused_by": "m-1",
            "decided_at": "2026-01-01T12:30:05.250Z",
            "playbook": "v1",
            "applied": {"shard": 0, "generation": 0, "commit": 1, "index": 0},
            "body": BODIES[kind],
            **fields,
        }
    )


def action(kind: str, **fields: Any) -> ActionRecord:
    return read_action(published(kind, **fields))


def event(**fields: Any) -> bytes:
    return encode(
        {
            "id": "0",
            "customer_id": "ann",
            "channel": "click",
            "event": "Product Added",
            "occurred_at": "2026-01-01T12:30:05.000Z",
            "received_at": "2026-01-01T12:30:06.000Z",
            "original": {"properties": {"product_id": "p-1", "price": 3.5, "quantity": 2}},
            "profile": {},
            "segments": [],
            "applied": {"shard": 0, "generation": 0, "commit": 1, "index": 0},
            "playbook": "v1",
            **fields,
        }
    )


def logged(value: bytes | None, key: bytes | None = b"ann", topic: str = ACTIONS) -> Logged:
    return Logged(Place(topic, 0), 7, key, value)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (
            "offer.decided",
            "offer    ann             tea                   home on click, score 900: likes tea",
        ),
        (
            "offer.answered",
            "answer   ann             welcome               clicked in home on click, decided ?",
        ),
        (
            "alert.raised",
            "alert    ann             vip_unhappy           critical: Rated 1?[2J",
        ),
        (
            "alert.escalated",
            "alert+   ann             kiosk_failing         critical: Nobody looks",
        ),
        (
            "alert.acknowledged",
            "seen     ann             kiosk_failing         warning: k-3, raised 2026-01-01 12:00",
        ),
        (
            "alert.cleared",
            "cleared  ann             vip_unhappy           warning: raised 2026-01-01 12:00",
        ),
        ("segment.entered", "entered  ann             vip"),
        (
            "segment.exited",
            "left     ann             vip                   in it since 2025-12-31 23:59",
        ),
        ("journey.started", "begun    ann             abandoned_cart        about c-81"),
        (
            "journey.ended",
            "ended    ann             abandoned_cart        about c-81: exit at come_back",
        ),
        (
            "webhook",
            (
                "webhook  ann             kiosk_failing         "
                "POST https://shop.example/crm/accounts/ann/notes, until 2026-01-16 09:30"
            ),
        ),
        (
            "email.request",
            (
                "email    ann             kiosk_failing         "
                "cart_reminder to ann@example.com, needs approval, until 2026-01-16 09:30"
            ),
        ),
        (
            "lead.route",
            (
                "lead     ann             kiosk_failing         "
                "to team_dach by sales, region DE, score 640.50, until 2026-01-16 09:30"
            ),
        ),
        (
            "ticket.request",
            (
                "ticket   ann             kiosk_failing         "
                "high, to store_support: Kiosk k-3 fails, until 2026-01-16 09:30"
            ),
        ),
        (
            "push.request",
            (
                "push     ann             abandoned_cart.2      "
                "We are sorry: What went wrong?, until 2026-01-16 09:30"
            ),
        ),
        (
            "log",
            (
                "log      ann             kiosk_failing         "
                "A payment failed at kiosk k-3, until 2026-01-16 09:30"
            ),
        ),
    ],
)
def test_a_decision_is_a_line_with_when_what_kind_whom_what_and_why(kind: str, told: str) -> None:
    assert click.unstyle(line_of(action(kind), JANUARY_MS)) == f"12:30:05  {told}"


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        ("webhook", {"method": "PUT", "url": {"secret": "HOOK"}}, "PUT the secret HOOK"),
        ("email.request", {"template": "hello"}, "hello"),
        ("email.request", {"template": "hello", "to": None}, "hello to ?"),
        ("lead.route", {"queue": "q", "table": "t"}, "to q by t"),
        ("push.request", {"template": "hello", "values": {}}, "hello"),
        ("push.request", {"text": "Bye\x1b[2J"}, "Bye?[2J"),
        ("log", {}, "?"),
    ],
)
def test_what_others_are_asked_is_told_with_whatever_there_is_of_it(
    kind: str, body: dict[str, Any], told: str
) -> None:
    body = {"origin": {"journey": "welcome", "step": "mail"}, **body}
    line = click.unstyle(line_of(action(kind, body=body), JANUARY_MS))
    assert line.partition("ann")[2].strip() == f"welcome.mail          {told}, until ?"


def test_the_day_is_told_when_it_is_another_one() -> None:
    line = click.unstyle(line_of(action("segment.entered"), JANUARY_MS + DAY_MS))
    assert line.startswith("2026-01-01 12:30:05  entered  ann")


def test_an_event_is_told_by_its_channel_and_what_of_it_matters() -> None:
    (taken,) = Intake(pytest.fail).take([logged(event(), topic=ENRICHED)])
    assert click.unstyle(line_of(taken.record, JANUARY_MS)) == (
        "12:30:06  event    ann             Product Added         click: p-1, 2 x 3.50"
    )


@pytest.mark.parametrize("original", [[], {}, {"properties": [1]}, {"properties": {"price": "x"}}])
def test_an_event_of_any_shape_is_told(original: Any) -> None:
    (taken,) = Intake(pytest.fail).take([logged(event(original=original), topic=ENRICHED)])
    assert click.unstyle(line_of(taken.record, JANUARY_MS)).endswith("Product Added         click")


@pytest.mark.parametrize(
    ("kinds", "narrowed", "taken"),
    [
        ((), {}, ACTION_KINDS),
        (("segment",), {}, ("segment.entered", "segment.exited")),
        (("segment.exited", "alert"), {}, (*ALERTS, "segment.exited")),
        (("alert.raised",), {}, ("alert.raised",)),
        (("alert",), {"alerts": ["kiosk_failing"]}, ("alert.escalated", "alert.acknowledged")),
        ((), {"offers": ["tea"]}, ("offer.decided",)),
        ((), {"offers": ["pots"]}, ()),
        ((), {"severities": ["critical", "info"]}, ("alert.raised", "alert.escalated")),
        ((), {"severities": ["info"], "segments": ["vip"]}, ("segment.entered", "segment.exited")),
        (("offer", "alert"), {"alerts": ["other"]}, ("offer.decided", "offer.answered")),
        ((), {"customer": "bob"}, ()),
        (("event",), {}, ()),
        (("action",), {}, tuple(REQUESTS)),
        (("log", "segment"), {"segments": ["other"]}, ("log",)),
        (("segment", "journey"), {"segments": ["other"]}, ("journey.started", "journey.ended")),
        (
            (),
            {"journeys": ["abandoned_cart"]},
            ("journey.started", "journey.ended", "push.request"),
        ),
        (("action",), {"journeys": ["other"]}, ()),
    ],
)
def test_filters_take_what_they_name(
    kinds: tuple[str, ...], narrowed: dict[str, Any], taken: tuple[str, ...]
) -> None:
    selection = select(kinds, narrowed.pop("customer", None), **narrowed)
    found = [kind for kind in ACTION_KINDS if selection.takes(action(kind))]
    assert found == list(taken)


def test_only_the_topics_that_hold_what_is_asked_for_are_read() -> None:
    assert select((), None).topics() == (ACTIONS,)
    assert select(("event",), None).topics() == (ENRICHED,)
    assert select(("event", "offer"), None).topics() == (ACTIONS, ENRICHED)


def test_a_repeat_is_left_out_and_so_is_what_stood_between() -> None:
    def at(commit: int, index: int) -> Logged:
        place = {"shard": 0, "generation": 0, "commit": commit, "index": index}
        return logged(published("segment.entered", applied=place))

    intake = Intake(pytest.fail)
    log = [at(1, 0), at(1, 1), at(1, 0), at(1, 1), at(2, 0)]
    places = [taken.record.applied for taken in intake.take(log[:3])]
    places += [taken.record.applied for taken in intake.take(log[3:])]
    assert [(place.commit, place.index) for place in places] == [(1, 0), (1, 1), (2, 0)]


def test_what_is_none_of_ours_is_counted_and_told_once() -> None:
    said: list[str] = []
    intake = Intake(said.append)
    naive = published("alert.raised", decided_at="2026-01-01T12:30:05")
    elsewhere = published(
        "alert.raised", applied={"shard": 3, "generation": 0, "commit": 1, "index": 0}
    )
    wrong = [b"not JSON", None, b"{}", naive, elsewhere]
    assert list(intake.take(map(logged, wrong))) == []
    assert intake.unreadable == len(wrong)
    (line,) = said
    assert re.match(
        r"touchpoints\.actions\[0\] offset 7: expected a record of Touchline's, got: .+", line
    )


def test_a_plan_among_the_events_is_no_event() -> None:
    intake = Intake(pytest.fail)
    assert list(intake.take([logged(b"a plan", key=None, topic=ENRICHED)])) == []
    assert intake.unreadable == 0


def test_among_the_actions_there_are_no_plans_so_one_without_a_key_is_read() -> None:
    value = published("alert.raised")
    (taken,) = Intake(pytest.fail).take([logged(value, key=None)])
    assert taken.value == value
