"""What is committed is booked as it was: rules that were due, event time, refusals by stage."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import KafkaException

import decisions.decide
from connectors.events.dead_letter import Reason
from decisions.load import parse_playbook
from decisions.playbook import Due, Playbook
from flows.metrics.of_touchpoints import CAUSES, REFUSING
from flows.processor.booking import REFUSED_IN, book
from flows.processor.decide import decide_step
from flows.processor.flush import Flush
from flows.processor.processor import Processor, _cause
from state.profile import Profile
from state.store.shard_store import Unsettled
from state.store.wire import WireLost, WireTimeout
from state.times import rfc3339
from tests.flows.one_flush import EVENT, NOW_MS, RETAIL, flush_of

REMOVED = {**EVENT, "event": "Product Removed"}


def booked(*events: dict[str, Any]) -> Processor:
    """A process that has decided these events of ann, who is new, and booked them."""
    processor, part = flush_of(NOW_MS - 2_000, *events)
    part.shard.profiles["ann"] = Profile()
    flush = Flush([part])
    decide_step(processor, flush)
    book(processor, flush)
    return processor


def numbered(*events: dict[str, Any]) -> list[dict[str, Any]]:
    """The same with a message id each."""
    return [{**event, "messageId": f"m{number}"} for number, event in enumerate(events)]


def test_rules_are_counted_as_they_were_due_when_it_was_decided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found: list[Due] = []
    served: list[int] = []
    due: Callable[[Playbook, int], Due] = Playbook.due
    serve = vars(decisions.decide)["serve"]

    def noted(playbook: Playbook, changed: int) -> Due:
        found.append(due(playbook, changed))
        return found[-1]

    def served_anew(*args: Any, **options: Any) -> Any:
        served.append(1)
        return serve(*args, **options)

    processor, part = flush_of(NOW_MS, *numbered(EVENT, REMOVED, EVENT, EVENT, REMOVED))
    part.shard.profiles["ann"] = Profile()
    with monkeypatch.context() as watched:
        watched.setattr(Playbook, "due", noted)
        watched.setattr(decisions.decide, "serve", served_anew)
        decide_step(processor, Flush([part]))
    book(processor, Flush([part]))
    assert len(found) == 5
    assert 0 < len(served) <= 5
    at_removals = 2 * len(RETAIL.alerts_on["Product Removed"])
    assert at_removals > 0
    name = "touchline_rule_evaluations_total"
    assert {
        rule: processor.meter.value(name, rule=rule) for rule in ("segment", "offer", "alert")
    } == {
        "segment": sum(len(one.segments) for one in found),
        "offer": len(served) * len(RETAIL.offers),
        "alert": sum(len(one.alerts) for one in found) + at_removals,
    }


def test_the_newest_event_of_a_topic_is_that_which_happened_last_not_that_which_came_last() -> None:
    times_ms = (NOW_MS - 9_000, NOW_MS - 3_000, NOW_MS - 7_000)
    events = numbered(*({**EVENT, "timestamp": rfc3339(at_ms)} for at_ms in times_ms))
    processor = booked(*events, {"messageId": "refused", "timestamp": rfc3339(NOW_MS)})
    assert processor.shards[0].newest_ms == {"touchpoints.click": NOW_MS - 3_000}
    assert processor.meter.value("touchline_stage_refusals_total", stage="decode") == 1
    assert processor.meter.value("touchline_event_to_offer_seconds") == 3
    assert processor.meter.value("touchline_flush_events") == 1


ALERTS = parse_playbook(
    """
channels: [click, email, chat, kiosk]
placements: {home: {channels: [click]}}
segments:
  odd: {title: Odd, when: 10 / profile.orders.count > 2}
alerts:
  seen:
    event: Product Viewed
    when: 1 / profile.orders.count == 1 || event.type == "track"
    severity: info
    cooldown: 1s
    message: m
    escalate: {after: 1h}
  wrong:
    event: Product Viewed
    when: 1 / profile.orders.count == 1
    threshold: {count: 2, within: 1h}
    severity: info
    cooldown: 1s
    message: "{event.properties.none}"
  pair:
    event: Product Viewed
    sequence: {then: event.name == "Product Removed", within: 1h}
    severity: info
    cooldown: 1s
    message: m
    until: event.name == "Product Added"
offers: {}
""",
    "test.yaml",
)


def booked_by_alerts(*events: dict[str, Any]) -> Processor:
    """As `booked`, by a playbook whose alerts err, are followed up and have a second event."""
    processor, part = flush_of(NOW_MS - 2_000, *numbered(*events))
    processor.playbook = ALERTS
    part.shard.profiles["ann"] = Profile()
    decide_step(processor, Flush([part]))
    book(processor, Flush([part]))
    return processor


def test_errors_are_counted_for_the_rule_whose_expression_they_end() -> None:
    value = booked_by_alerts(EVENT, EVENT, {**EVENT, "event": "Page Viewed"}).meter.value
    errors = {
        rule: value("touchline_rule_errors_total", rule=rule)
        for rule in ("segment.odd", "alert.wrong", "alert.seen", "alert.pair")
    }
    assert errors == {"segment.odd": 1, "alert.wrong": 2, "alert.seen": 0, "alert.pair": 0}


def test_what_becomes_of_alerts_is_counted() -> None:
    acknowledged = {
        **EVENT,
        "event": "Alert Acknowledged",
        "properties": {"alert": "seen"},
    }
    added = {**EVENT, "event": "Product Added"}
    value = booked_by_alerts(EVENT, REMOVED, acknowledged, added).meter.value
    outcomes = {
        (alert, outcome): value("touchline_alert_outcomes_total", alert=alert, outcome=outcome)
        for alert, outcome in (("seen", "acknowledged"), ("pair", "cleared"), ("pair", "escalated"))
    }
    assert outcomes == {
        ("seen", "acknowledged"): 1,
        ("pair", "cleared"): 1,
        ("pair", "escalated"): 0,
    }


def test_an_alert_is_due_at_each_of_its_events_and_at_no_other() -> None:
    value = booked_by_alerts(EVENT, REMOVED, {**EVENT, "event": "Page Viewed"}).meter.value
    assert value("touchline_rule_evaluations_total", rule="alert") == 3 + 1


def test_a_later_flush_of_older_events_does_not_take_the_newest_back() -> None:
    processor, part = flush_of(NOW_MS, {**EVENT, "timestamp": rfc3339(NOW_MS - 9_000)})
    part.shard.profiles["ann"] = Profile()
    part.shard.newest_ms["touchpoints.click"] = NOW_MS - 3_000
    decide_step(processor, Flush([part]))
    book(processor, Flush([part]))
    assert part.through["click"].newest_ms == NOW_MS - 9_000
    assert part.shard.newest_ms == {"touchpoints.click": NOW_MS - 3_000}


def test_what_only_came_again_is_counted_and_makes_no_topic_newer() -> None:
    processor, part = flush_of(NOW_MS, EVENT)
    part.shard.profiles["ann"] = Profile()
    decide_step(processor, Flush([part]))
    known = part.shard.profiles["ann"]
    later = {**EVENT, "timestamp": rfc3339(NOW_MS + 1_000)}
    processor, part = flush_of(NOW_MS, later)
    part.shard.profiles["ann"] = known
    decide_step(processor, Flush([part]))
    book(processor, Flush([part]))
    assert part.tally == {"duplicate": {"click": 1}}
    assert part.shard.newest_ms == {}
    events = "touchline_events_total"
    assert processor.meter.value(events, channel="click", outcome="duplicate") == 1


def test_a_repeat_beside_an_accepted_event_makes_its_topic_no_newer() -> None:
    later = {**EVENT, "timestamp": rfc3339(NOW_MS + 1_000)}
    processor = booked(EVENT, later)
    assert processor.shards[0].newest_ms == {"touchpoints.click": NOW_MS}


def test_an_event_received_in_the_future_has_waited_no_time() -> None:
    processor, part = flush_of(NOW_MS + 3_600_000, *numbered(EVENT, EVENT))
    part.shard.profiles["ann"] = Profile()
    decide_step(processor, Flush([part]))
    book(processor, Flush([part]))
    (family,) = (
        f for f in processor.meter.collect() if f.name == "touchline_event_to_offer_seconds"
    )
    found = {(s.name.rpartition("_")[2], s.labels.get("le")): s.value for s in family.samples}
    assert found["sum", None] == 0
    assert found["bucket", "0.001"] == found["count", None] == 2


def test_what_is_done_again_is_counted_as_committed_but_not_as_waiting() -> None:
    processor, part = flush_of(NOW_MS - 60_000, *numbered(EVENT, EVENT))
    part.replay = True
    part.shard.profiles["ann"] = Profile()
    decide_step(processor, Flush([part]))
    book(processor, Flush([part]))
    value = processor.meter.value
    assert value("touchline_events_total", channel="click", outcome="accepted") == 2
    assert value("touchline_commits_total") == 1
    assert value("touchline_event_to_offer_seconds") == 0


def test_an_event_that_comes_again_is_a_duplicate_of_its_channel() -> None:
    value = booked(EVENT, EVENT, EVENT).meter.value
    outcomes = ("accepted", "duplicate", "dead_letter")
    counts = [value("touchline_events_total", channel="click", outcome=o) for o in outcomes]
    assert counts == [1, 2, 0]


def test_every_reason_of_a_dead_letter_is_of_a_stage_that_can_refuse() -> None:
    assert {REFUSED_IN.get(reason, "decode") for reason in Reason} == set(REFUSING)


@pytest.mark.parametrize(
    ("why", "cause"),
    [
        (WireLost("closed"), "connection"),
        (WireTimeout("no answer"), "timeout"),
        (Unsettled("fenced"), "fence"),
        (KafkaException("away"), "kafka"),
    ],
)
def test_each_doubt_has_its_cause(why: Exception, cause: str) -> None:
    assert _cause(why) == cause
    assert cause in CAUSES


def test_how_late_each_timer_was_is_counted_from_when_it_was_due_and_not_when_done_again() -> None:
    def late(replay: bool) -> tuple[float, float]:
        processor, part = flush_of(NOW_MS)
        now_ms = time.time_ns() // 1_000_000
        part.woken, part.replay = [now_ms - 700_000, now_ms - 600_000, now_ms + 900_000], replay
        book(processor, Flush([part]))
        (family,) = (
            f for f in processor.meter.collect() if f.name == "touchline_timer_lateness_seconds"
        )
        (spent_s,) = (s.value for s in family.samples if s.name.endswith("_sum"))
        assert processor.meter.value("touchline_wakes_total") == 3
        return processor.meter.value("touchline_timer_lateness_seconds"), spent_s

    count, spent_s = late(replay=False)
    assert count == 3
    assert 1_300 <= spent_s < 1_300 + 600
    assert late(replay=True) == (0, 0)
