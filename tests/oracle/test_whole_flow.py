"""The whole flow, held against an oracle that shares none of its code for folding and deciding.

Events of four channels go in. The oracle reads what was published, in its order and by the reader's
rule, and must arrive at the same profiles, segments, alerts, offers and warehouse rows.

Where the documentation is silent, the oracle holds what can be observed:

- An alert without `event` is asked when anything has changed in a part that it reads, such as
  `profile.cart`, and at a customer's first event under a new playbook.
- A key that has no value is a key of its own; in a message, "?" stands for a missing value.
- A decision that stands until its offer ends is not renewed in its last third.
- When no offer is left, an empty list is served for as long as what it replaces would have been.
- A segment that is left says since when the customer was in it.
- An interest does not grow by lying ahead of the clock.
- A new playbook may be asked of a customer by time alone before their next event, no later than
  when the old one would have moved them.
- An offer that has opened while a customer was away may be decided when time is asked next,
  whatever for.
"""

import json
import math
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import pytest

from connectors.published.record_types import ActionRecord, EnrichedRecord
from tests.oracle.account import Body, decided
from tests.oracle.deeds import EPOCH, moment, text_of
from tests.oracle.limits import Accepted, Limits
from tests.oracle.offers import Course, lots
from tests.oracle.played import DOCS, Played, Told
from tests.oracle.rows import (
    ACTION_TYPES,
    TOUCHPOINT_TYPES,
    action_row,
    parsed,
    selected,
    touchpoint_row,
)
from tests.oracle.rules import Rules, documented
from tests.oracle.stored import as_known, as_stored

NEVER = {"later", "gift_wrapping"}
"""Offers that are not open in any act."""

NOTHING = "nothing"

SERVED = (
    *("offer_id", "decision_id", "channel", "score", "propensity", "value", "placement"),
    *("reasons", "expires_at"),
)
"""What a served offer says of its decision."""


def alike(found: Any, expected: Any) -> bool:
    """Equal, types included; sums of floats may differ in the last digits."""
    if isinstance(found, float) and isinstance(expected, float):
        return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9)
    return type(found) is type(expected) and bool(found == expected)


def differences(found: Any, expected: Any, where: str = "") -> list[str]:
    """What is not alike, at most ten of it, each with its place."""
    if isinstance(found, dict) and isinstance(expected, dict):
        names = dict.fromkeys([*expected, *found])
        pairs = [(f"{where} {n}", found.get(n, NOTHING), expected.get(n, NOTHING)) for n in names]
        return [text for n, f, e in pairs for text in differences(f, e, n)][:10]
    return [] if alike(found, expected) else [f"{where}: got {found!r}, expected {expected!r}"]


def test_the_oracle_knows_every_documented_field_of_a_profile(told: Told) -> None:
    names = {name for name in documented(DOCS) if name.startswith("profile.") and "[" not in name}
    for customer in told.account.customers.values():
        assert names == {name for name in customer.facts if name.startswith("profile.")}


def test_each_good_event_is_one_row_as_it_came_and_in_the_order_it_was_sent(played: Played) -> None:
    limits = {path: Rules(path, DOCS).limits for path in {act.playbook for act in played.play}}
    stamps: dict[Any, list[int]] = defaultdict(list)
    for logged in played.log.events:
        stamps[logged.topic, logged.value].append(logged.stamp)
    sent: dict[Any, list[tuple[Limits, bytes]]] = defaultdict(list)
    for act in played.play:
        for event in act.events:
            if event.good:
                sent[event.customer, event.channel].append((limits[act.playbook], event.value))
    taken: dict[str, list[Accepted]] = defaultdict(list)
    for row in played.log.rows:
        known, coming = taken[row.customer_id], sent[row.customer_id, row.channel]
        while True:
            assert coming, f"{row.id} was never sent, or not in this order"
            rules, value = coming.pop(0)
            came = Accepted(json.loads(value)["messageId"], stamps[row_topic(row), value].pop(0))
            repeated = rules.repeated(*came, known)
            if not repeated:
                break
        assert value == bytes(row.original)
        known.append(came)
    for (customer, channel), left in sent.items():
        for rules, value in left:
            stamp = stamps[f"touchpoints.{channel}", value].pop(0)
            assert rules.repeated(json.loads(value)["messageId"], stamp, taken[customer]), value
    assert len({row.id for row in played.log.rows}) == len(played.log.rows)
    bad = {event.value for act in played.play for event in act.events if not event.good}
    assert {letter.value or b"" for letter in played.log.letters} == bad


def row_topic(row: EnrichedRecord) -> str:
    return f"touchpoints.{row.channel}"


def test_each_record_lies_in_its_customers_partition_under_their_name(played: Played) -> None:
    home = {event.key: event.partition for event in played.log.events}
    for logged in [*played.log.enriched, *played.log.actions]:
        if logged.key is not None:
            told = json.loads(logged.value)
            assert told["customer_id"].encode() == logged.key
            assert told["applied"]["shard"] == logged.partition == home[logged.key]


def test_a_row_was_received_when_the_broker_had_its_event(played: Played) -> None:
    had: dict[Any, int] = {}
    for event in played.log.events:
        had.setdefault((event.topic, event.value), event.stamp)
    for row in played.log.rows:
        stamp = had[f"touchpoints.{row.channel}", bytes(row.original)]
        assert row.received_at == moment(stamp)


def test_each_row_says_what_the_oracle_knows_after_its_event(told: Told) -> None:
    found, expected = {}, {}
    for record, row in told.rows:
        found[record.id] = {
            "customer": record.customer_id,
            "event": record.event,
            "occurred_at": record.occurred_at,
            "profile": record.profile,
            "segments": record.segments,
        }
        expected[record.id] = row._asdict() | {"occurred_at": moment(row.occurred_at)}
    assert differences(found, expected) == []


def test_segments_and_alerts_are_those_of_the_oracle(played: Played, told: Told) -> None:
    found = {
        (*deciding_of(action), action.kind, subject(action.body)): action.body
        for action in played.log.acted
        if action.kind != "offer.decided"
    }
    expected = {
        (name, caused_by, moment(now_ms), kind, subject(body)): body
        for name, customer in told.account.customers.items()
        for kind, caused_by, now_ms, body in customer.acted
    }
    assert differences(found, expected) == []


def deciding_of(action: ActionRecord) -> tuple[str, str, datetime]:
    """Names the decision that an action is of: (customer, cause, when)."""
    return action.customer_id, action.caused_by, action.decided_at


def by_time(action: ActionRecord) -> bool:
    """Whether no event led to it."""
    return action.caused_by.startswith("time:")


def subject(body: Body) -> str:
    """What an action is about."""
    return str(body.get("segment") or body.get("alert") or body["offer_id"])


@pytest.fixture(scope="module")
def explained(played: Played, told: Told) -> dict[str, tuple[Course, list[str]]]:
    """Customer → the course of their offers, and what of the log does not follow from it.

    Equal offers are drawn by lot; of all orders the one is taken that explains most.
    """
    found: dict[str, dict[Any, Any]] = {
        name: {"standing": [held.offer_id for held in profile.offers]}
        for name, profile in played.profiles.items()
    }
    for action in played.log.acted:
        if action.kind == "offer.decided":
            body = {**action.body, "reason": action.body["reasons"][0]}
            del body["decision_id"], body["reasons"], body["group"], body["arms"]
            body["among"] = among(body.pop("eligible"))
            at_ms = (action.decided_at - EPOCH) // timedelta(milliseconds=1)
            found[action.customer_id][action.caused_by, at_ms, body["offer_id"]] = body
    best = {}
    for name, customer in told.account.customers.items():
        tried = [decided(customer, order) for order in lots(told.rules)]
        judged = [(course, differences(found[name], outcome)) for course, outcome in tried]
        best[name] = min(judged, key=lambda one: len(one[1]))
    return best


def among(eligible: dict[str, list[Any]]) -> list[tuple[Any, ...]]:
    """What a record says a decision was chosen of, in no order."""
    assert eligible["score"] == sorted(eligible["score"], reverse=True)
    columns = (eligible[name] for name in ("offer_id", "channel", "placement", "score"))
    return sorted(zip(*columns, strict=True))


@pytest.fixture(scope="module")
def courses(explained: dict[str, tuple[Course, list[str]]]) -> dict[str, Course]:
    """Customer → the course of their offers."""
    return {name: course for name, (course, _) in explained.items()}


def test_offers_are_decided_as_the_oracle_decides(
    explained: dict[str, tuple[Course, list[str]]],
) -> None:
    assert {name: wrong for name, (_, wrong) in explained.items() if wrong} == {}


def test_what_is_served_is_what_was_decided_last(
    played: Played, courses: dict[str, Course]
) -> None:
    decisions = {
        (*deciding_of(action), action.body["offer_id"]): action.body
        for action in played.log.acted
        if action.kind == "offer.decided"
    }
    expected = {}
    for customer, course in courses.items():
        serving = course.served
        if serving is not None and serving.expires_at > played.looked_at_ms:
            offers = [
                decisions[customer, h.caused_by, moment(h.decided_at), h.offer]
                for h in serving.offers
            ]
            expected[customer] = {
                "customer_id": customer,
                "as_of": text_of(serving.as_of),
                "expires_at": text_of(serving.expires_at),
                "offers": [
                    {name: offer[name] for name in SERVED} | {"rank": rank}
                    for rank, offer in enumerate(offers, 1)
                ],
                "dropped_at": serving.expires_at,
            }
    found = {
        customer: json.loads(served.value) | {"dropped_at": served.expires_at}
        for customer, served in played.served.items()
    }
    assert differences(found, expected) == []


def test_each_action_names_its_event_or_the_rule_and_is_one_of_its_kind(
    played: Played, told: Told
) -> None:
    causes = {
        (row.customer_id, json.loads(bytes(row.original))["messageId"]): row
        for row in played.log.rows
    }
    decided_at = {
        (name, step.message_id): moment(step.now_ms)
        for name, customer in told.account.customers.items()
        for step in customer.steps
    }
    plans = played.log.plans
    for action in played.log.acted:
        plan = plans[action.applied.shard, action.applied.commit]
        if by_time(action):
            kind = action.kind.partition(".")[0]
            assert action.caused_by == f"time:{kind}.{subject(action.body)}"
        else:
            row = causes[action.customer_id, action.caused_by]
            assert (row.applied.shard, row.applied.commit) == (
                action.applied.shard,
                action.applied.commit,
            )
            assert action.decided_at == decided_at[action.customer_id, action.caused_by]
            assert row.playbook == action.playbook
        assert action.decided_at <= moment(plan.now_ms)
        assert action.playbook == plan.playbook
        assert action.id == action.body.get("decision_id", action.id)
    assert len({action.id for action in played.log.acted}) == len(played.log.acted)
    assert len({row.playbook for row in played.log.rows}) == 2


def test_all_that_time_brings_about_was_done_by_the_shards_clocks(told: Told) -> None:
    customers = told.account.customers
    missed = {name: customer.missed for name, customer in customers.items() if customer.missed}
    assert missed == {}


def test_profiles_in_redis_are_those_of_the_oracle(
    played: Played, told: Told, courses: dict[str, Course]
) -> None:
    assert played.profiles.keys() == told.account.customers.keys()
    for name, customer in told.account.customers.items():
        profile, expected = played.profiles[name], as_known(customer, courses[name])
        found = as_stored(profile, expected, customer.steps[-1].rules, customer.now_ms)
        assert differences(found, expected) == [], name


def test_the_warehouse_holds_each_record_as_one_row_with_typed_columns(played: Played) -> None:
    for table, types, json_column, expected in (
        ("touchpoints", TOUCHPOINT_TYPES, "profile", map(touchpoint_row, played.log.rows)),
        ("actions", ACTION_TYPES, "body", map(action_row, played.log.acted)),
    ):
        assert played.warehouse.types(table) == types
        rows = [parsed(row, json_column) for row in played.warehouse.rows(table, selected(types))]
        assert len({row["id"] for row in rows}) == len(rows)
        found = {row["id"]: row for row in rows}
        assert differences(found, {row["id"]: row for row in expected}) == []


def test_the_play_went_to_all_the_corners(played: Played, told: Told) -> None:
    """Else what was found above would mean little."""
    log = played.log
    assert len(log.enriched) > len(log.plans) + len(log.rows), "no row was repeated"
    assert len(log.actions) > len(log.acted), "no action was repeated"
    assert len({row.applied.commit for row in log.rows}) > 10, "too few flushes"
    timely = [action for action in log.acted if by_time(action)]
    kinds = {action.kind for action in timely}
    assert kinds >= {"segment.entered", "segment.exited", "offer.decided"}
    seen = {subject(action.body) for action in log.acted}
    for rules in told.rules:
        for section in ("segments", "offers", "alerts"):
            assert rules.written[section].keys() - seen <= NEVER
