"""What is committed, as metrics."""

import time

from flows.processor.flush import Flush
from flows.processor.processor import Processor
from state.touchpoint import Touchpoint

COUNTED = (
    ("touchline_dead_letters_total", "reason", "reason"),
    ("touchline_alerts_raised_total", "alert.raised", "alert"),
)
"""Metric, kind of count in a slice's tally, label."""


def book(processor: Processor, flush: Flush) -> None:
    """Metrics of what is committed."""
    meter, now_s = processor.meter, time.time()
    waits: list[float] = []
    for part in flush.slices:
        meter.add("touchline_commits_total")
        for outcome in ("accepted", "duplicate"):
            for channel, count in part.tally.get(outcome, {}).items():
                meter.add("touchline_events_total", count, channel=channel, outcome=outcome)
        for topic, count in part.tally.get("dead_letter", {}).items():
            channel = topic.rpartition(".")[2]
            meter.add("touchline_events_total", count, channel=channel, outcome="dead_letter")
        for metric, kind, label in COUNTED:
            for value, count in part.tally.get(kind, {}).items():
                meter.add(metric, count, **{label: value})
        for (offer, channel), count in part.served.items():
            meter.add("touchline_offers_decided_total", count, offer=offer, channel=channel)
        for kind, direction in (("segment.entered", "entered"), ("segment.exited", "exited")):
            for segment, count in part.tally.get(kind, {}).items():
                meter.add(
                    "touchline_segment_transitions_total",
                    count,
                    segment=segment,
                    direction=direction,
                )
        meter.add("touchline_rule_errors_total", sum(part.tally.get("rule_errors", {}).values()))
        meter.add("touchline_trimmed_total", part.trimmed)
        if not part.replay:
            waits += [
                max(now_s - event.received_ms / 1000, 0.0)
                for event in part.events
                if isinstance(event, Touchpoint)
            ]
    meter.observe_many("touchline_event_to_offer_seconds", waits)
