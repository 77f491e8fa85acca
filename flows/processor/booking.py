"""What is committed, as metrics."""

import time
from collections.abc import Mapping

from connectors.events.dead_letter import Reason
from connectors.kafka.topics import channel_topic
from decisions.playbook import Playbook
from flows.metrics.meter import Meter
from flows.metrics.of_decisions import ALERT_OUTCOMES, OFFER_OUTCOMES
from flows.processor.flush import Flush, Slice, Through
from flows.processor.letter_limit import counted
from flows.processor.processor import Processor

COUNTED = (
    ("touchline_dead_letters_total", "reason", "reason"),
    ("touchline_alerts_raised_total", "alert.raised", "alert"),
    ("touchline_actions_requested_total", "requested", "kind"),
    ("touchline_journeys_started_total", "journey.started", "journey"),
    ("touchline_journeys_ended_total", "journey.ended", "reason"),
    ("touchline_forwarded_events_total", "forwarded", "topic"),
    ("touchline_events_corrected_total", "corrected", "channel"),
    ("touchline_rule_errors_total", "rule_errors", "rule"),
    ("touchline_answers_counted_total", "asked", "outcome"),
)
"""Metric, kind of count in a slice's tally, label."""
TWO_LABELS: dict[str, tuple[str, dict[str, str]]] = {
    **{
        f"segment.{direction}": ("touchline_segment_transitions_total", {"direction": direction})
        for direction in ("entered", "exited")
    },
    **{
        f"alert.{outcome}": ("touchline_alert_outcomes_total", {"outcome": outcome})
        for outcome in ALERT_OUTCOMES
    },
    **{
        f"result.{answer}": ("touchline_offer_answers_total", {"answer": answer})
        for answer in OFFER_OUTCOMES
    },
}
"""Kind of count → metric and one of its labels; the other is called as the kind begins."""
REFUSED_IN = {Reason.MISPLACED: "route", Reason.UNDECIDABLE: "decide"}
"""Reason of a dead letter → the stage that gives it; all others are of decode."""


def book(processor: Processor, flush: Flush) -> None:
    """Metrics of what is committed."""
    meter, now_s = processor.meter, time.time()
    waits: list[float] = []
    late: list[float] = []
    if flush.slices:
        processor.letters.add(counted(flush))
        meter.set("touchline_dead_letter_share", processor.letters.share)
    for part in flush.slices:
        meter.add("touchline_commits_total")
        _book_tally(meter, part)
        _book_rules(meter, part, processor.playbook)
        meter.add("touchline_trimmed_total", part.trimmed)
        meter.add("touchline_wakes_total", len(part.woken))
        meter.add("touchline_forward_repeats_total", part.tally_of("forward_repeat"))
        _book_world(meter, part)
        processor.misplaced.note(part)
        _keep_newest(part.shard.newest_ms, part.through)
        if not part.replay:
            waits += _waits(part.received_ms, now_s)
            late += _waits(part.woken, now_s)
    meter.observe_many("touchline_event_to_offer_seconds", waits)
    meter.observe_many("touchline_timer_lateness_seconds", late)
    meter.observe_many("touchline_flush_events", [len(part.messages) for part in flush.slices])


def _waits(since_ms: list[int], now_s: float) -> list[float]:
    """Seconds since each was received, or due; 0 for what comes from a clock that is ahead."""
    waits = [now_s - ms / 1000 for ms in since_ms]
    return waits if min(waits, default=0.0) >= 0 else [max(wait, 0.0) for wait in waits]


def _book_tally(meter: Meter, part: Slice) -> None:
    tally = part.tally
    for outcome in ("accepted", "duplicate"):
        for channel, count in tally.get(outcome, {}).items():
            meter.add("touchline_events_total", count, channel=channel, outcome=outcome)
    for topic, count in tally.get("dead_letter", {}).items():
        channel = topic.rpartition(".")[2]
        meter.add("touchline_events_total", count, channel=channel, outcome="dead_letter")
    for reason, count in tally.get("reason", {}).items():
        stage = REFUSED_IN.get(Reason(reason), "decode")
        meter.add("touchline_stage_refusals_total", count, stage=stage)
    for metric, kind, label in COUNTED:
        for value, count in tally.get(kind, {}).items():
            meter.add(metric, count, **{label: value})
    for (offer, channel), count in part.served.items():
        meter.add("touchline_offers_decided_total", count, offer=offer, channel=channel)
    for (offer, outcome), count in part.answers.items():
        meter.add("touchline_offer_events_total", count, offer=offer, outcome=outcome)
    for kind, (metric, labels) in TWO_LABELS.items():
        for value, count in tally.get(kind, {}).items():
            meter.add(metric, count, **{kind.partition(".")[0]: value}, **labels)


def _book_world(meter: Meter, part: Slice) -> None:
    if part.world is None:
        return
    for outcome, count in part.world.booked.items():
        meter.add("touchline_offer_outcomes_total", count, outcome=outcome)
    meter.add("touchline_broadcast_repeats_total", part.world.passed_over)
    meter.add("touchline_customers_recalled_total", len(part.recalled))


def _book_rules(meter: Meter, part: Slice, playbook: Playbook) -> None:
    for rule, count in asked(part, playbook).items():
        meter.add("touchline_rule_evaluations_total", count, rule=rule)


def asked(part: Slice, playbook: Playbook) -> dict[str, int]:
    """Kind of rule → how many of them are due by what the accepted events changed.

    Without the segments that are due as time has come, or by what is remembered of events. To count
    each condition where it is asked would cost more than most of them.
    """
    segments = alerts = 0
    for changed, events in part.changes.items():
        rules = playbook.due(changed)
        segments += len(rules.segments) * events
        alerts += len(rules.alerts) * events
    for name, events in part.watched.items():
        alerts += len(playbook.alerts_on[name]) * events
    return {"segment": segments, "offer": len(playbook.offers) * part.choices, "alert": alerts}


def _keep_newest(of_topics: dict[str, int], through: Mapping[str, Through]) -> None:
    for channel, came in through.items():
        if came.newest_ms:
            topic = channel_topic(channel)
            of_topics[topic] = max(of_topics.get(topic, 0), came.newest_ms)
