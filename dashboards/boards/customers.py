"""Customers and decisions: segments, the way from an offer to its acceptance, alerts, channels."""

from typing import Final

from grafana_foundation_sdk.models.common import StackingMode

from dashboards.board import Board, Row
from dashboards.panels import BAD, GOOD, WARN, Panel, Steps, lines, number
from dashboards.series import a_minute, grown, now, of, quantile, rate, recorded

SILENT: Final = "the touchpoints flow does not answer, or is not chosen"
NOT_ASKED: Final = "no requests, or `touchline run decide` does not run"
TOLD: Final = "touchline_offer_events_total"
BY_OFFER: Final = (TOLD, "offer")


def _told(outcome: str) -> str:
    return grown(TOLD, "", f'outcome="{outcome}"')


def _number(title: str, means: str, expression: str, look: str) -> Panel:
    return number(
        title,
        means,
        (expression, "in the last hour"),
        unit="short",
        look=look,
        empty=SILENT,
        width=3,
    )


def _share(of_these: str, before: str) -> str:
    """Of those before; 0 when there were none."""
    return f"{of_these} / ({before} > 0) or vector(0)"


USED: Final = f"max by (budget) ({of('touchline_budget_accepted')})"
UNITS: Final = f"max by (budget) ({of('touchline_budget_units')})"
DECIDED: Final = grown("touchline_offers_decided_total")
SHOWN, CLICKED, ACCEPTED = map(_told, ("shown", "clicked", "accepted"))

OFFERS: Final = Row(
    "Offers",
    (
        _number(
            "Decided",
            "Offers decided in the last hour; they replace one another until somebody looks.",
            DECIDED,
            "offers decided by offer",
        ),
        _number(
            "Shown",
            "Events of the last hour that say an offer was shown.",
            SHOWN,
            "offers decided by channel",
        ),
        _number(
            "Clicked",
            "Events of the last hour that say an offer was clicked.",
            CLICKED,
            "what became of offers",
        ),
        _number(
            "Accepted",
            "Events of the last hour that say an offer was taken.",
            ACCEPTED,
            "accepted by offer",
        ),
        lines(
            "From step to step",
            "Of the offers decided, the share that is shown; of these, clicked; of these,"
            " accepted. Over the last hour.",
            (_share(SHOWN, DECIDED), "shown"),
            (_share(CLICKED, SHOWN), "clicked"),
            (_share(ACCEPTED, CLICKED), "accepted"),
            unit="percentunit",
            look="what became of offers",
            empty=SILENT,
        ),
        lines(
            "Offers decided by offer",
            "Decisions a minute for each offer of the playbook.",
            (a_minute("touchline_offers_decided_total", "offer"), "{{offer}}"),
            unit="cpm",
            look="`touchline explain ID`, for one of the customers in touchpoints.actions",
            empty="no offers in the playbook",
            stack=StackingMode.NORMAL,
        ),
        lines(
            "Offers decided by channel",
            "Decisions a minute by the channel they are served through.",
            (a_minute("touchline_offers_decided_total", "channel"), "{{channel}}"),
            unit="cpm",
            look="channel mix",
            empty="no offers in the playbook",
            stack=StackingMode.NORMAL,
        ),
        lines(
            "What became of offers",
            "Events a minute that tell of an offer: shown, clicked, accepted, dismissed.",
            (a_minute(TOLD, "outcome"), "{{outcome}}"),
            unit="epm",
            look="accepted by offer",
            empty="no offers in the playbook",
        ),
        lines(
            "What became of answers to offers",
            "The same events by their result: attributed to a decision, or why not.",
            (a_minute("touchline_offer_answers_total", "result"), "{{result}}"),
            unit="epm",
            look="docs/offers.md: what became of a decision",
            empty=SILENT,
        ),
        lines(
            "What was learned of offers",
            "Outcomes a minute of what was shown: taken, refused by word or by silence, corrected;"
            " records that told shards what others learned, and that could not be told; customers"
            " whose offers were recalled, as a product was sold out.",
            (a_minute("touchline_offer_outcomes_total", "outcome"), "{{outcome}}"),
            (a_minute("touchline_broadcast_records_total"), "told"),
            (a_minute("touchline_broadcast_failures_total"), "not told"),
            (a_minute("touchline_customers_recalled_total"), "recalled"),
            unit="cpm",
            look="docs/offers.md: learning",
            empty=SILENT,
        ),
        lines(
            "Budgets",
            "How much of each budget is accepted, by all customers together.",
            (f"{USED} / {UNITS}", "{{budget}}"),
            unit="percentunit",
            look="docs/offers.md: budgets",
            empty="no budgets in the playbook",
        ),
        lines(
            "Requests for offers",
            "Requests to `touchline run decide` a second, by what they were given: offers, or the"
            " code of an error.",
            (rate("touchline_decide_requests_total", "outcome"), "{{outcome}}"),
            unit="reqps",
            look="docs/runbooks/TouchlineAskingFails.md",
            empty=NOT_ASKED,
        ),
        lines(
            "Time of a request for offers",
            "From a request's first bytes to its answer. Where something is decided anew, Kafka's"
            " acknowledgement is in it.",
            (quantile(0.5, "touchline_decide_seconds"), "p50"),
            (quantile(0.99, "touchline_decide_seconds"), "p99"),
            unit="s",
            look="docs/runbooks/TouchlineAskingSlow.md",
            empty=NOT_ASKED,
            steps=Steps(GOOD, ((0.005, WARN), (0.05, BAD))),
        ),
        lines(
            "Requests that failed",
            "The share of the requests of 5 minutes that got no offers for want of us, Redis or"
            " Kafka, and of those that waited for more than 50 ms. An alert at 1 % each.",
            (recorded("flow:touchline_decide_failed:ratio_rate5m"), "failed"),
            (recorded("flow:touchline_decide_slow:ratio_rate5m"), "slow"),
            unit="percentunit",
            look="requests for offers",
            empty=NOT_ASKED,
        ),
        lines(
            "Offers to who asked",
            "Offers in answers a minute: decided anew, or standing as they were decided before.",
            (a_minute("touchline_decide_offers_total", "how"), "{{how}}"),
            unit="cpm",
            look="answers to who asked",
            empty=NOT_ASKED,
        ),
        lines(
            "Answered early, and lost",
            "Answers a minute that did not wait for Kafka, and of which Kafka did not acknowledge"
            " what they decided: it may not count. Zero, but as an outage of Kafka begins.",
            (a_minute("touchline_decide_unwritten_total"), "lost"),
            unit="cpm",
            look="docs/offers.md: asking with a context",
            empty=NOT_ASKED,
        ),
        lines(
            "Answers to who asked",
            "Answers of `touchline run decide` a minute that decided something: counted for their"
            " customer, or there before.",
            (a_minute("touchline_answers_counted_total", "outcome"), "{{outcome}}"),
            unit="epm",
            look="docs/offers.md: asking with a context",
            empty=SILENT,
        ),
        lines(
            "Accepted by offer",
            "Events a minute that say an offer was taken, by offer.",
            (a_minute(*BY_OFFER, 'outcome="accepted"'), "{{offer}}"),
            unit="epm",
            look="dismissed by offer",
            empty="no offers in the playbook",
        ),
        lines(
            "Dismissed by offer",
            "Events a minute that say an offer was not wanted, by offer.",
            (a_minute(*BY_OFFER, 'outcome="dismissed"'), "{{offer}}"),
            unit="epm",
            look="`touchline explain ID`, for one of the customers in touchpoints.actions",
            empty="no offers in the playbook",
        ),
        lines(
            "Alerts by rule",
            "Alerts a minute that each rule of the playbook raises, and what becomes of them.",
            (a_minute("touchline_alerts_raised_total", "alert"), "{{alert}}"),
            (
                a_minute("touchline_alert_outcomes_total", "alert, outcome"),
                "{{alert}} {{outcome}}",
            ),
            unit="cpm",
            look="`touchline customer ID`, for one of the customers in touchpoints.actions",
            empty="no alerts in the playbook",
        ),
        lines(
            "Actions by kind",
            "Actions a minute that others are asked for: mails, tickets, calls of web addresses.",
            (a_minute("touchline_actions_requested_total", "kind"), "{{kind}}"),
            unit="cpm",
            look="`touchline tail --kind action`",
            empty="no actions in the playbook",
        ),
        lines(
            "Journeys begun",
            "Runs of each journey of the playbook that begin in a minute.",
            (a_minute("touchline_journeys_started_total", "journey"), "{{journey}}"),
            unit="cpm",
            look="`touchline tail --kind journey`",
            empty="no journeys in the playbook",
        ),
        lines(
            "Journeys ended",
            "Runs that end in a minute, by reason: `version_unknown` and `dropped` should be rare.",
            (a_minute("touchline_journeys_ended_total", "reason"), "{{reason}}"),
            unit="cpm",
            look="`touchline tail --kind journey`",
            empty="no journeys in the playbook",
        ),
    ),
)

ENTERED: Final = ("touchline_segment_transitions_total", "segment", 'direction="entered"')
EXITED: Final = ("touchline_segment_transitions_total", "segment", 'direction="exited"')

SEGMENTS: Final = Row(
    "Customers",
    (
        lines(
            "In segments",
            "Customers that are in a segment, all in all.",
            (now("touchline_segment_customers", "segment"), "{{segment}}"),
            unit="short",
            look="into segments, and `touchline segments`",
            empty="no segments in the playbook",
            width=24,
        ),
        lines(
            "Into segments",
            "Customers a minute that come into a segment.",
            (a_minute(*ENTERED), "{{segment}}"),
            unit="cpm",
            look="out of segments",
            empty="no segments in the playbook",
        ),
        lines(
            "Out of segments",
            "Customers a minute that leave a segment.",
            (a_minute(*EXITED), "{{segment}}"),
            unit="cpm",
            look="growth of segments",
            empty="no segments in the playbook",
        ),
        lines(
            "Growth of segments",
            "Customers that came in the last hour, less those that left.",
            (f"{grown(*ENTERED)} - {grown(*EXITED)}", "{{segment}}"),
            unit="short",
            look="docs/playbook.md: conditions of segments",
            empty="no segments in the playbook",
            below_0=True,
        ),
        lines(
            "Channel mix",
            "The share of each channel in the events that are accepted.",
            (rate("touchline_events_total", "channel", 'outcome="accepted"'), "{{channel}}"),
            unit="eps",
            look="events by channel",
            empty="no channels",
            stack=StackingMode.PERCENT,
        ),
        lines(
            "Events by channel",
            "Events a second that each channel sends, whatever becomes of them.",
            (rate("touchline_events_total", "channel"), "{{channel}}"),
            unit="eps",
            look="Pipeline, newest event by topic",
            empty="no channels",
            width=24,
        ),
    ),
)

CUSTOMERS: Final = Board(
    name="customers",
    title="customers and decisions",
    description="Segments, the way from an offer to its acceptance, alerts by rule, channel mix.",
    rows=(OFFERS, SEGMENTS),
)
