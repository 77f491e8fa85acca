"""The metrics of the warehouse flow."""

from typing import Final

from connectors.warehouse import tables as warehouse_tables
from flows.metrics.metric import STEPS, WRITES, C, G, H, Metric

TABLES = tuple(table.name for table in warehouse_tables.TABLES)
WAREHOUSE_STAGES = ("consume", "decode", "accept", "append")
BY_TABLE: Final = {"table": TABLES}

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
        "touchline_warehouse_bytes_total",
        C,
        "bytes",
        "Bytes, as they lie in Kafka, of the records that became rows.",
        ("table",),
        BY_TABLE,
    ),
    Metric(
        "touchline_warehouse_records_total",
        C,
        "records",
        "Records read for a table, plans included.",
        ("table",),
        BY_TABLE,
    ),
    Metric(
        "touchline_warehouse_stage_seconds",
        H,
        "seconds",
        "Elapsed time of one poll's records in a stage; only where records came.",
        ("stage",),
        {"stage": WAREHOUSE_STAGES},
        STEPS,
    ),
    Metric(
        "touchline_warehouse_idle_seconds_total",
        C,
        "seconds",
        "Time the flow's thread waited for records; what is missing to 1 a second is its load.",
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
    Metric(
        "touchline_warehouse_newest_timestamp_seconds",
        G,
        "seconds",
        "When the newest record of a table was received or decided, in seconds since the epoch.",
        ("table",),
        BY_TABLE,
    ),
    Metric(
        "touchline_warehouse_lag_records",
        G,
        "records",
        "Records in a topic's partition that are in no table yet.",
        ("topic", "shard"),
    ),
    Metric(
        "touchline_warehouse_buffered_rows",
        G,
        "rows",
        "Rows read and not written yet.",
        ("table",),
        BY_TABLE,
    ),
    Metric(
        "touchline_warehouse_buffered_bytes",
        G,
        "bytes",
        "Bytes of the records that are read and not written yet.",
        ("table",),
        BY_TABLE,
    ),
    Metric("touchline_warehouse_up", G, "", "1 when the warehouse can be written, 0 when not."),
    Metric(
        "touchline_warehouse_outages_total",
        C,
        "outages",
        "Times that the warehouse ceased to be writable.",
    ),
    Metric(
        "touchline_warehouse_outage_seconds_total",
        C,
        "seconds",
        "Time that the warehouse was waited for.",
    ),
    Metric(
        "touchline_warehouse_failures_total",
        C,
        "attempts",
        "Attempts to open or write a table that failed and are made again.",
    ),
)
"""What flows/warehouse.py measures."""
