"""Every metric there is: its name, kind, unit, meaning and labels. Names are Prometheus' style.

Counts are since the process began. Label values that are a closed set exist from the start with 0,
so that a rate is right at the first event, and a graph shows nothing instead of no data.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct, field

from connectors.events.dead_letter import Reason
from connectors.warehouse import tables as warehouse_tables


class Kind(StrEnum):
    """How a metric behaves."""

    COUNTER = "counter"
    """Only grows."""
    GAUGE = "gauge"
    """What is now."""
    HISTOGRAM = "histogram"
    """How many observations were at most how large."""


class Metric(Struct, frozen=True):
    """One metric."""

    name: str
    kind: Kind
    unit: str
    """seconds, or what is counted."""
    meaning: str
    labels: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Label → all values it can have. The playbook's names, shards and topics are not among them:
    those are known when a flow starts."""
    buckets: tuple[float, ...] = ()
    """Upper bounds of a histogram, in its unit, rising; a last one without bound follows."""


C, G, H = Kind.COUNTER, Kind.GAUGE, Kind.HISTOGRAM

OUTCOMES = ("accepted", "duplicate", "dead_letter")
STAGES = (
    *("consume", "plan", "decode", "route", "decide"),
    *("produce", "acknowledge", "commit", "publish"),
)
TABLES = tuple(table.name for table in warehouse_tables.TABLES)

# Finest where promises are made: 20 and 80 ms.
WAITS: Final = (
    0.001,
    0.002,
    0.005,
    0.01,
    0.015,
    0.02,
    0.03,
    0.04,
    0.06,
    0.08,
    0.12,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    30,
    60,
    300,
)  # fmt: skip - on few lines
STEPS: Final = (
    0.0001,
    0.0002,
    0.0005,
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
)  # fmt: skip - on few lines
WRITES: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)

BY_STAGE: Final = {"stage": STAGES}
BY_TABLE: Final = {"table": TABLES}

TOUCHPOINTS: Final = (
    Metric(
        "touchline_events_total",
        C,
        "events",
        "Events taken from the topics and committed, by what became of them.",
        ("channel", "outcome"),
        {"outcome": OUTCOMES},
    ),
    Metric(
        "touchline_event_to_offer_seconds",
        H,
        "seconds",
        "From the record's timestamp to the commit that makes offers readable; without replays.",
        buckets=WAITS,
    ),
    Metric(
        "touchline_stage_seconds",
        H,
        "seconds",
        "Elapsed time of one flush in a stage.",
        ("stage",),
        BY_STAGE,
        STEPS,
    ),
    Metric(
        "touchline_stage_cpu_seconds_total",
        C,
        "seconds",
        "Processor time of the deciding thread in a stage.",
        ("stage",),
        BY_STAGE,
    ),
    Metric("touchline_commits_total", C, "commits", "Flushes of one shard, committed."),
    Metric(
        "touchline_flushes_replayed_total",
        C,
        "flushes",
        "Flushes that had been begun before and were done again, byte for byte.",
    ),
    Metric(
        "touchline_replays_by_other_build_total",
        C,
        "flushes",
        "Flushes done again by another version of program or playbook: rows may differ.",
    ),
    Metric(
        "touchline_shards_fenced_total", C, "shards", "Shards that another process took from this."
    ),
    Metric("touchline_shards_owned", G, "shards", "Shards this process works on."),
    Metric(
        "touchline_shards_waiting", G, "shards", "Shards that wait for Kafka or Redis to come back."
    ),
    Metric(
        "touchline_lag_events",
        G,
        "events",
        "Events in a topic's partition that are not committed yet.",
        ("topic", "shard"),
    ),
    Metric(
        "touchline_dead_letters_total",
        C,
        "events",
        "Events that were not taken, by reason.",
        ("reason",),
        {"reason": tuple(Reason)},
    ),
    Metric(
        "touchline_offers_decided_total", C, "decisions", "Offers decided, by offer.", ("offer",)
    ),
    Metric("touchline_alerts_raised_total", C, "alerts", "Alerts raised, by alert.", ("alert",)),
    Metric(
        "touchline_segment_transitions_total",
        C,
        "customers",
        "Customers that came into a segment or left it.",
        ("segment", "direction"),
        {"direction": ("entered", "exited")},
    ),
    Metric(
        "touchline_rule_errors_total",
        C,
        "evaluations",
        "Conditions of the playbook that ended in an error, which counts as false.",
    ),
    Metric(
        "touchline_trimmed_total",
        C,
        "entries",
        "Entries that the bounds of profiles have dropped or cut.",
    ),
    Metric(
        "touchline_cache_hits_total",
        C,
        "profiles",
        "Profiles that a flush found here.",
    ),
    Metric("touchline_cache_misses_total", C, "profiles", "Profiles that a flush read from Redis."),
    Metric("touchline_profiles_cached", G, "profiles", "Profiles kept in this process."),
    Metric("touchline_playbook_info", G, "", "1 for the playbook in use.", ("version",)),
    Metric("touchline_redis_up", G, "", "1 when Redis answers, 0 when it is waited for."),
)
"""What flows/touchpoints.py measures."""

WAREHOUSE: Final = (
    Metric(
        "touchline_warehouse_rows_total",
        C,
        "rows",
        "Rows added to a table.",
        ("table",),
        BY_TABLE,
    ),
    Metric(
        "touchline_warehouse_commit_seconds",
        H,
        "seconds",
        "Time to commit rows to a table.",
        ("table",),
        BY_TABLE,
        WRITES,
    ),
    Metric(
        "touchline_warehouse_repeats_total",
        C,
        "records",
        "Records that came again and made no row.",
        ("table",),
        BY_TABLE,
    ),
    Metric(
        "touchline_warehouse_skipped_total",
        C,
        "records",
        "Records that are no rows: not ours, or not readable.",
        ("table",),
        BY_TABLE,
    ),
    Metric(
        "touchline_warehouse_last_commit_timestamp_seconds",
        G,
        "seconds",
        "When a table was last committed to, in seconds since the epoch; 0 = not yet.",
        ("table",),
        BY_TABLE,
    ),
    Metric("touchline_warehouse_up", G, "", "1 when the warehouse can be written, 0 when not."),
)
"""What flows/warehouse.py measures."""

BUILD: Final = Metric("touchline_build_info", G, "", "1 for the program that runs.", ("version",))
KAFKA_UP: Final = Metric(
    "touchline_kafka_up", G, "", "1 when Kafka answers, 0 when it is waited for."
)

METRICS: Final = (BUILD, KAFKA_UP, *TOUCHPOINTS, *WAREHOUSE)
METRICS_OF: Final = {
    "touchpoints": (BUILD, KAFKA_UP, *TOUCHPOINTS),
    "warehouse": (BUILD, KAFKA_UP, *WAREHOUSE),
}
"""Flow → what it shows: a 0 of something that it does not measure would be a false alarm."""
