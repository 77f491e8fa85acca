"""The metrics of what the touchpoints flow decides."""

from typing import Final

from decisions.actions.kinds import KINDS
from decisions.journeys.versions import REASONS
from decisions.offering.answers import RESULTS
from flows.metrics.metric import C, G, Metric

RULES = ("segment", "offer", "alert")
ALERT_OUTCOMES = ("escalated", "acknowledged", "cleared")
OFFER_OUTCOMES = ("shown", "clicked", "accepted", "dismissed")
OUTCOMES = ("taken", "refused", "corrected", "unknown")
OTHER_OFFER = "?"
"""Stands for an offer that the playbook does not have."""
REQUEST_KINDS = tuple(KINDS)

DECISIONS: Final = (
    Metric(
        "touchline_offers_decided_total",
        C,
        "decisions",
        "Offers decided, by offer and the channel it is served through.",
        ("offer", "channel"),
    ),
    Metric(
        "touchline_offer_events_total",
        C,
        "events",
        'Accepted events that tell of an offer; "?" is one that the playbook does not have.',
        ("offer", "outcome"),
        {"outcome": OFFER_OUTCOMES},
    ),
    Metric(
        "touchline_offer_answers_total",
        C,
        "events",
        "The same by what came of them: attributed to a decision; repeated; expired, as the "
        "decision is too old or not kept any more; exhausted, as the budget has no unit for it; "
        "foreign, of another customer; unknown, of no decision; unnamed, without a decision id.",
        ("answer", "result"),
        {"answer": OFFER_OUTCOMES, "result": RESULTS},
    ),
    Metric(
        "touchline_offer_outcomes_total",
        C,
        "outcomes",
        "What was learned of offers that were shown: taken; refused, by a word or by silence; "
        "corrected, as one that counted as refused was taken after all; unknown, as the playbook "
        "does not have the offer, channel or bucket any more.",
        ("outcome",),
        {"outcome": OUTCOMES},
    ),
    Metric(
        "touchline_broadcast_records_total",
        C,
        "records",
        "Records that shards were told, of what others learned, of the catalogue and of budgets, "
        "by who owns shard 0.",
    ),
    Metric(
        "touchline_broadcast_failures_total",
        C,
        "failures",
        "How often they could not be told, as Redis or Kafka did not answer: it is done again.",
    ),
    Metric(
        "touchline_broadcast_repeats_total",
        C,
        "records",
        "Records of the broadcast topic that said nothing new, and were passed over.",
    ),
    Metric(
        "touchline_customers_recalled_total",
        C,
        "customers",
        "Customers who were looked for as they were served what is sold out, or of a budget that is"
        " spent: it is withdrawn, and then offers are chosen anew.",
    ),
    Metric(
        "touchline_budget_units",
        G,
        "units",
        "How many of the offers of a budget may be accepted in all; told by who owns shard 0.",
        ("budget",),
    ),
    Metric(
        "touchline_budget_accepted",
        G,
        "units",
        "How many of them all shards have accepted, as they have reported it.",
        ("budget",),
    ),
    Metric(
        "touchline_catalogue_refused_total",
        C,
        "records",
        "Records of the catalogue that could not be read: their products stay as they were.",
    ),
    Metric(
        "touchline_answers_counted_total",
        C,
        "answers",
        "Answers of `touchline run decide` that decided something: counted for their customer, or "
        "there before.",
        ("outcome",),
        {"outcome": ("applied", "repeated")},
    ),
    Metric("touchline_alerts_raised_total", C, "alerts", "Alerts raised, by alert.", ("alert",)),
    Metric(
        "touchline_alert_outcomes_total",
        C,
        "alerts",
        "What became of alerts that were raised; one is escalated once for each step.",
        ("alert", "outcome"),
        {"outcome": ALERT_OUTCOMES},
    ),
    Metric(
        "touchline_actions_requested_total",
        C,
        "actions",
        "Actions that others are asked for: mails, tickets, calls of web addresses, by kind.",
        ("kind",),
        {"kind": REQUEST_KINDS},
    ),
    Metric(
        "touchline_journeys_started_total",
        C,
        "runs",
        "Runs of journeys that have begun, by journey.",
        ("journey",),
    ),
    Metric(
        "touchline_journeys_ended_total",
        C,
        "runs",
        "Runs of journeys that are over, by reason.",
        ("reason",),
        {"reason": REASONS},
    ),
    Metric(
        "touchline_segment_transitions_total",
        C,
        "customers",
        "Customers that came into a segment or left it.",
        ("segment", "direction"),
        {"direction": ("entered", "exited")},
    ),
    Metric(
        "touchline_segment_customers",
        G,
        "customers",
        "Customers in a segment, of this process's shards: the sum over processes is all of them.",
        ("segment",),
    ),
    Metric(
        "touchline_rule_evaluations_total",
        C,
        "evaluations",
        "Rules due to be asked by what events changed, by kind; of offers all, each time that they "
        "are chosen anew.",
        ("rule",),
        {"rule": RULES},
    ),
    Metric(
        "touchline_rule_errors_total",
        C,
        "evaluations",
        "Conditions of the playbook that ended in an error, which counts as false, and weights "
        "that are no number or out of bounds, by rule, such as alert.kiosk_failing.",
        ("rule",),
    ),
)
