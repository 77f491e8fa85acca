"""The metrics of `touchline run decide`."""

from typing import Final

from flows.deciding.failure import Code
from flows.metrics.metric import STEPS, C, H, Metric

ANSWERED: Final = "answered"

DECIDING: Final = (
    Metric(
        "touchline_decide_requests_total",
        C,
        "requests",
        "Requests by what they were given: offers, or an error by its code.",
        ("outcome",),
        {"outcome": (ANSWERED, *Code)},
    ),
    Metric(
        "touchline_decide_seconds",
        H,
        "seconds",
        "From a request's first bytes to its answer, of whatever outcome.",
        buckets=STEPS,
    ),
    Metric(
        "touchline_decide_offers_total",
        C,
        "offers",
        "Offers in answers: decided anew, or standing as they were decided before.",
        ("how",),
        {"how": ("decided", "stood")},
    ),
    Metric(
        "touchline_decide_unwritten_total",
        C,
        "answers",
        "Answers given early of which Kafka did not acknowledge what they decided: nobody may know"
        " of it.",
    ),
)
SHARED: Final = (
    "touchline_playbook_info",
    "touchline_redis_up",
    "touchline_redis_outages_total",
    "touchline_redis_outage_seconds_total",
    "touchline_rule_errors_total",
)
"""Of the touchpoints flow's metrics those that are measured here, too."""
