"""Overview: is it healthy, is it late, does it lose anything?"""

from typing import Final

from dashboards.board import Board, Row
from dashboards.panels import (
    ANY_IS_BAD,
    BAD,
    GOOD,
    NONE_IS_BAD,
    UP_OR_DOWN,
    WARN,
    Steps,
    lines,
    number,
)
from dashboards.series import a_minute, grown, now, of, quantile, rate, recorded

P50_S, P99_S = 0.02, 0.08
"""What is promised of the time from an event to an offer, in seconds: half, and 99 %."""
WITHIN = 'le="0.08"'
FIRING = 'ALERTS{alertname=~"Touchline.*",alertstate="firing",flow=~"$flow"}'

HEALTHY: Final = Row(
    "Healthy?",
    (
        number(
            "Flows",
            "Whether Prometheus reads the metrics of every process of a flow.",
            (recorded("flow:up:min"), "{{flow}}"),
            unit="none",
            look="docs/runbooks/TouchlineFlowDown.md",
            empty="no flow is known to Prometheus",
            steps=NONE_IS_BAD,
            words=UP_OR_DOWN,
        ),
        number(
            "Kafka, Redis, warehouse",
            "Whether they answer every process that needs them.",
            (f"min({of('touchline_kafka_up')})", "Kafka"),
            (f"min({of('touchline_redis_up')})", "Redis"),
            (f"min({of('touchline_warehouse_up')})", "warehouse"),
            unit="none",
            look="Pipeline, time without Kafka and Redis",
            empty="no flow answers",
            steps=NONE_IS_BAD,
            words=UP_OR_DOWN,
            width=8,
        ),
        number(
            "Alerts",
            "How many alerts are firing; Prometheus' page /alerts names them.",
            (
                f"sum({FIRING}) or vector(0)",
                "firing",
            ),
            unit="none",
            look="docs/runbooks/, which has a page for each",
            empty="Prometheus does not answer",
            steps=ANY_IS_BAD,
        ),
        number(
            "Shards waiting",
            "Shards that wait for Kafka or Redis to come back.",
            (f"sum({recorded('flow:touchline_shards_waiting:sum')})", "waiting"),
            unit="none",
            look="docs/runbooks/TouchlineShardsWaiting.md",
            empty="the touchpoints flow does not answer, or is not chosen",
            steps=ANY_IS_BAD,
        ),
        number(
            "Shards owned",
            "Shards that processes work on: as many as topics have partitions when all is well.",
            (now("touchline_shards_owned"), "owned"),
            unit="none",
            look="Pipeline, shards taken and lost",
            empty="the touchpoints flow does not answer, or is not chosen",
            steps=NONE_IS_BAD,
        ),
    ),
)

SLOW: Final = "flow:touchline_event_to_offer_slow:ratio_rate"
COUNT: Final = "touchline_event_to_offer_seconds"

LATE: Final = Row(
    "Late?",
    (
        lines(
            "Event to offer",
            "From the event's record in Kafka to the commit that makes its offers readable."
            " Promised: half within 20 ms, 99 % within 80 ms.",
            (quantile(0.5, COUNT), "p50"),
            (quantile(0.99, COUNT), "p99"),
            unit="s",
            look="Pipeline, time of a flush by stage",
            empty="no events",
            steps=Steps(GOOD, ((P50_S, WARN), (P99_S, BAD))),
        ),
        lines(
            "Burn rate of the 80 ms objective",
            "How many times faster than allowed (1 % slower than 80 ms) the allowance is used up."
            " An alert at 14.4 (1 h and 5 min) and at 6 (6 h and 30 min).",
            *(
                (f"{recorded(SLOW + window)} / 0.01", window)
                for window in ("5m", "30m", "1h", "6h")
            ),
            unit="none",
            look="docs/runbooks/TouchlineLatencyBurnFast.md",
            empty="no events",
            steps=Steps(GOOD, ((6, WARN), (14.4, BAD))),
        ),
        number(
            "Within 80 ms",
            "The share of the last hour's events whose offers were readable within 80 ms;"
            " 99 % is promised.",
            (
                f"{grown(COUNT + '_bucket', '', WITHIN)} / ({grown(COUNT + '_count')} > 0)",
                "of the last hour",
            ),
            unit="percentunit",
            look="event to offer, above",
            empty="no events",
            steps=Steps(BAD, ((0.99, GOOD),)),
        ),
        number(
            "Events that wait",
            "Events in the topics that are not committed; of shards that wait, as last seen.",
            (f"sum({recorded('flow:touchline_lag_events:sum')})", "waiting"),
            unit="none",
            look="Pipeline, lag by shard",
            empty="the touchpoints flow does not answer, or is not chosen",
            steps=Steps(GOOD, ((1000, WARN), (10_000, BAD))),
        ),
        number(
            "Growing by",
            "Events a second by which those that wait become more, over 15 minutes; below 0 it"
            " catches up.",
            (f"sum({recorded('flow:touchline_lag_events:deriv15m')})", "a second"),
            unit="eps",
            look="docs/runbooks/TouchlineLagGrowing.md",
            empty="not measured for long enough",
            steps=Steps(GOOD, ((1, WARN),)),
        ),
        lines(
            "Behind by topic",
            "How old, by its own time, what was committed last is, in the shard where that is most,"
            " or how long ago a topic was at its end; 0 when it is.",
            (f"max by (topic) ({of('touchline_event_delay_seconds')})", "{{topic}}"),
            unit="s",
            look="Pipeline, the shards' clocks",
            empty="the touchpoints flow does not answer, or is not chosen",
        ),
    ),
)

LOSING: Final = Row(
    "Losing?",
    (
        number(
            "Dead letters",
            "The share of the last 5 minutes' events that were not taken; alerts at 1 %.",
            (recorded("flow:touchline_dead_letters:ratio_rate5m"), "of the events"),
            unit="percentunit",
            look="Dead letters and warehouse, dead letters by reason",
            empty="the touchpoints flow does not answer, or is not chosen",
            steps=Steps(GOOD, ((0.002, WARN), (0.01, BAD))),
        ),
        number(
            "Warehouse commit",
            "How long ago each table was last committed to. A table that is owed nothing may be"
            " old.",
            (recorded("flow_table:touchline_warehouse_commit_age_seconds:min"), "{{table}}"),
            unit="s",
            look="docs/runbooks/TouchlineWarehouseStale.md",
            empty="the warehouse flow does not answer, or is not chosen",
            width=8,
        ),
        lines(
            "Events and rows",
            "Accepted events, and the rows that came of them in the warehouse: the same over time.",
            (rate("touchline_events_total", "", 'outcome="accepted"'), "accepted"),
            (rate("touchline_warehouse_rows_total", "", 'table="touchpoints"'), "rows"),
            unit="eps",
            look="Dead letters and warehouse, what is in no table yet",
            empty="no events",
        ),
        lines(
            "Events by outcome",
            "What became of the events: accepted, a repeat that was dropped, or a dead letter.",
            (rate("touchline_events_total", "outcome"), "{{outcome}}"),
            unit="eps",
            look="Customers and decisions, channel mix",
            empty="no events",
        ),
        lines(
            "Decisions a minute",
            "Offers decided and alerts raised.",
            (a_minute("touchline_offers_decided_total"), "offers"),
            (a_minute("touchline_alerts_raised_total"), "alerts"),
            unit="cpm",
            look="Customers and decisions",
            empty="no decisions",
        ),
    ),
)

OVERVIEW: Final = Board(
    name="overview",
    title="overview",
    description="Is it healthy, is it late, does it lose anything? Start here.",
    rows=(HEALTHY, LATE, LOSING),
)
