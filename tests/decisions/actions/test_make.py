"""What becomes of an action that a playbook asks for."""

import json

import pytest

from decisions.actions.kinds import KINDS
from decisions.actions.make import MAX_KEY, key_of
from decisions.actions.spec import MAX_VALUE_CHARACTERS
from state.times import rfc3339
from state.touchpoint import identity
from tests.decisions.actions.asked import EVENT, asking, body, decided, requested
from tests.decisions.someone import DAY_MS, HOUR_MS, START_MS, Someone, actions
from tests.event_docs import schemas
from tests.json_schema import Judge

LOG = "{action: log, message: 'Hello {event.properties.name}'}"
MINIMAL = {
    "webhook": "{action: webhook, url: 'https://crm.example/'}",
    "email.request": "{action: email.request, template: t}",
    "lead.route": "{action: lead.route, table: leads}",
    "ticket.request": "{action: ticket.request, queue: q, subject: s, text: t}",
    "push.request": "{action: push.request, text: t}",
    "log": "{action: log, message: m}",
}
WHOLE = {
    "webhook": """
        action: webhook
        url: {secret: HOOK}
        method: PUT
        headers: {Authorization: {secret: CRM_TOKEN}, X-Who: "{event.properties.name}"}
        payload: {name: event.properties.name, none: event.properties.no, key: {secret: KEY}}
        """,
    "email.request": """
        action: email.request
        template: t
        to: event.properties.no
        values: {all: event.properties, at: event.at, often: 'profile.events["x"]'}
        """,
    "lead.route": "{action: lead.route, table: leads, region: event.properties.no, score: 7}",
    "ticket.request": """
        {action: ticket.request, queue: q, subject: "{event.properties.no}", text: t, priority: low}
        """,
    "push.request": "{action: push.request, title: a, text: b, values: {n: event.properties.no}}",
    "log": "{action: log, message: '{event.properties.no}'}",
}
ACTION = Judge(schemas()["action"])


def test_it_is_asked_for_beside_the_alert_that_it_comes_of() -> None:
    alert, log = actions(decided(LOG, name="Ann"))
    assert alert.kind == "alert.raised"
    assert (log.kind, log.caused_by) == ("log", "m-1")
    assert log.body == {
        "origin": {"alert": "asked"},
        "requires_approval": False,
        "idempotency_key": log.id,
        "expires_at": rfc3339(START_MS + 1_000 + 7 * DAY_MS),
        "message": "Hello Ann",
    }


def test_an_alert_that_is_silent_asks_for_nothing() -> None:
    someone = Someone(asking(LOG))
    assert len(actions(someone.does(EVENT))) == 2
    assert actions(someone.does(EVENT, after_ms=999)) == []
    assert len(actions(someone.does(EVENT, after_ms=1))) == 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("written", [MINIMAL, WHOLE], ids=["with least", "with most"])
def test_it_is_by_its_schema_whatever_could_not_be_had(kind: str, written: dict[str, str]) -> None:
    (action,) = requested(written[kind])
    record = {
        "id": action.id,
        "kind": action.kind,
        "customer_id": "c-1",
        "playbook": "v",
        "caused_by": action.caused_by,
        "decided_at": rfc3339(START_MS),
        "body": action.body,
        "applied": {"shard": 0, "generation": 0, "commit": 1, "index": 0},
    }
    assert action.kind == kind
    assert ACTION.errors(json.loads(json.dumps(record))) == []
    action.body["expires_at"] = "soon"
    assert not ACTION.passes(json.loads(json.dumps(record)))


def test_two_of_one_kind_in_one_decision_have_ids_of_their_own() -> None:
    found = requested(LOG, LOG, "{action: log, message: other}")
    assert len({action.id for action in found}) == 3


def test_the_same_event_decided_again_gives_the_same_bytes() -> None:
    one, other = (requested(WHOLE["webhook"], WHOLE["email.request"], name="Ann") for _ in range(2))
    assert [json.dumps(action.body) for action in one] == [
        json.dumps(action.body) for action in other
    ]
    assert [action.id for action in one] == [action.id for action in other]


@pytest.mark.parametrize(
    ("kind", "hours"),
    [
        ("webhook", 24),
        ("email.request", 24),
        ("lead.route", 168),
        ("ticket.request", 168),
        ("push.request", 4),
        ("log", 168),
    ],
)
def test_it_expires_after_what_the_playbook_says_or_what_is_usual_for_its_kind(
    kind: str, hours: int
) -> None:
    now_ms = START_MS + 1_000
    assert body(MINIMAL[kind])["expires_at"] == rfc3339(now_ms + hours * HOUR_MS)
    written = MINIMAL[kind].replace("}", ", expiry: 90s}", 1)
    assert body(written)["expires_at"] == rfc3339(now_ms + 90_000)


@pytest.mark.parametrize("kind", KINDS)
def test_it_requires_approval_where_the_playbook_says_so(kind: str) -> None:
    assert body(MINIMAL[kind])["requires_approval"] is False
    written = MINIMAL[kind].replace("}", ", requires_approval: true}", 1)
    assert body(written)["requires_approval"] is True


KEYED = "{action: log, message: m, idempotency_key: event.properties.key}"


def test_its_key_is_the_playbooks_with_the_customer_before_it() -> None:
    assert body(KEYED, key="order 7/ü")["idempotency_key"] == "c-1:order%207/%C3%BC"
    assert body(KEYED, key=7)["idempotency_key"] == "c-1:7"


def test_two_customers_never_share_a_key() -> None:
    assert key_of("a:b", "c") != key_of("a", "b:c")
    assert key_of("a%3Ab", "c") != key_of("a:b", "c")
    assert key_of("a" * 300, "c") != key_of("a" * 299, "ac")


def test_a_key_that_is_too_long_for_receivers_is_its_hash() -> None:
    most = "k" * (MAX_KEY - len("c-1:"))
    assert body(KEYED, key=most)["idempotency_key"] == f"c-1:{most}"
    hashed = identity("c-1", most + "k").hex()
    assert body(KEYED, key=most + "k")["idempotency_key"] == hashed


@pytest.mark.parametrize("key", ["", None])
def test_with_an_empty_key_each_is_one_of_its_own(key: str | None) -> None:
    (action,) = requested(KEYED, key=key)
    assert action.body["idempotency_key"] == action.id


def test_with_a_key_in_error_each_is_one_of_its_own_and_the_error_counts() -> None:
    decision = decided(KEYED)
    assert decision.actions[1].body["idempotency_key"] == decision.actions[1].id
    assert decision.rule_errors == {"alert.asked": 1}


def test_a_value_that_could_not_be_had_is_null_in_a_text_a_mark_and_counts() -> None:
    decision = decided(
        "{action: email.request, template: t, values: {a: event.properties.no, b: 1 + 1}}",
        "{action: log, message: 'It is {event.properties.no} or {event.properties.no}'}",
    )
    assert decision.actions[1].body["values"] == {"a": None, "b": 2}
    assert decision.actions[2].body["message"] == "It is ? or ?"
    assert decision.rule_errors == {"alert.asked": 3}


@pytest.mark.parametrize("to", [5, True, ["a@b"], {"secret": "CRM_TOKEN"}, None])
def test_an_address_that_is_no_text_could_not_be_had(to: object) -> None:
    decision = decided("{action: email.request, template: t, to: event.properties.to}", to=to)
    assert decision.actions[1].body["to"] is None
    assert decision.rule_errors == {"alert.asked": 1}


def test_a_score_that_is_no_number_could_not_be_had() -> None:
    written = "{action: lead.route, table: leads, score: event.properties.score}"
    for score in (True, "60", None):
        decision = decided(written, score=score)
        assert decision.actions[1].body["score"] is None
        assert decision.rule_errors == {"alert.asked": 1}


def test_a_value_in_a_text_is_cut() -> None:
    written = "{action: log, message: '<{event.properties.a}>'}"
    assert body(written, a="x" * 120)["message"] == f"<{'x' * 120}>"
    assert body(written, a="x" * 121)["message"] == f"<{'x' * 120}>"


def test_a_value_is_bounded_so_that_an_action_fits_into_a_record() -> None:
    written = "{action: email.request, template: t, values: {a: event.properties.a}}"
    text = "x" * MAX_VALUE_CHARACTERS
    assert body(written, a=text)["values"] == {"a": text}
    assert body(written, a=text + "x")["values"] == {"a": None}
    assert body(written, a=["x" * 100] * 50)["values"] == {"a": None}
    assert decided(written, a=text + "x").rule_errors == {"alert.asked": 1}


SENT = """
    action: webhook
    url: https://crm.example/c/{event.properties.a}?q={event.properties.b}
    headers: {X-Who: "{event.properties.a}!"}
    payload: {a: event.properties.a}
    """


def test_a_value_cannot_begin_another_part_of_an_address() -> None:
    found = body(SENT, a="../x?y#z/ü", b="1&admin=true")
    assert found["url"] == "https://crm.example/c/..%2Fx%3Fy%23z%2F%C3%BC?q=1%26admin%3Dtrue"
    assert body(SENT, a="..", b=".")["url"] == "https://crm.example/c/%3F?q=%3F"
    assert body(SENT, a="x" * 257, b="y")["url"] == "https://crm.example/c/%3F?q=y"


def test_a_value_cannot_begin_another_header() -> None:
    assert body(SENT, a="x\r\nHost: evil\x00", b="")["headers"] == {"X-Who": "x  Host: evil !"}


def test_what_an_event_says_never_looks_like_a_reference() -> None:
    """A payload's secrets stand apart, since values there may be of any shape."""
    found = body(WHOLE["webhook"], name={"secret": "CRM_TOKEN"})
    assert found["payload"] == {"name": {"secret": "CRM_TOKEN"}, "none": None}
    assert found["payload_secrets"] == {"key": {"secret": "KEY"}}
    assert found["headers"]["X-Who"] == '{"secret": "CRM_TOKEN"}'
    assert found["url"] == {"secret": "HOOK"}


LEAD = """
    action: lead.route
    table: leads
    region: event.properties.region
    score: event.properties.score
    """


@pytest.mark.parametrize(
    ("region", "score", "queue"),
    [
        ("DE", 50, "team_dach"),
        ("AT", 79.9, "team_dach"),
        ("DE", 80, "key_accounts"),
        ("FR", 80, "key_accounts"),
        ("FR", 79, "team_fr"),
        ("DE", 49.9, "desk"),
        ("de", 60, "desk"),
        ("FR", None, "team_fr"),
        ("DE", True, "desk"),
        (None, 60, "desk"),
        (None, 90, "key_accounts"),
        (None, None, "desk"),
    ],
)
def test_a_lead_goes_to_the_queue_of_the_first_row_that_takes_it(
    region: object, score: object, queue: str
) -> None:
    found = body(LEAD, region=region, score=score)
    assert (found["table"], found["queue"]) == ("leads", queue)


def test_a_lead_says_what_the_table_was_asked_with() -> None:
    found = body(LEAD, region="DE", score=60)
    assert (found["region"], found["score"]) == ("DE", 60)
    assert not {"region", "score"} & set(body(MINIMAL["lead.route"]))
