"""Dead letters and warehouse: what was not taken, and what is on its way to the tables."""

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
from dashboards.series import a_minute, grown, load, mean, now, of, quantile, rate, recorded

SILENT: Final = "the touchpoints flow does not answer, or is not chosen"
QUIET: Final = "the warehouse flow does not answer, or is not chosen"

NEWEST: Final = of("touchline_warehouse_newest_timestamp_seconds")

DEAD_LETTERS: Final = Row(
    "Dead letters",
    (
        lines(
            "Dead letters by reason",
            "Events a minute that were not taken. All are kept in touchpoints.dead-letter.",
            (a_minute("touchline_dead_letters_total", "reason"), "{{reason}}"),
            unit="epm",
            look="docs/events.md, which has the limits and the reasons",
            empty=SILENT,
        ),
        lines(
            "Dead letters by channel",
            "Events a minute of each channel that were not taken: whose producer is to blame.",
            (
                a_minute("touchline_events_total", "channel", 'outcome="dead_letter"'),
                "{{channel}}",
            ),
            unit="epm",
            look="dead letters by reason",
            empty=SILENT,
        ),
        lines(
            "Share of dead letters",
            "Of the last 5 minutes' events; alerts at 1 %.",
            (recorded("flow:touchline_dead_letters:ratio_rate5m"), "of the events"),
            unit="percentunit",
            look="docs/runbooks/TouchlineDeadLetters.md",
            empty=SILENT,
            steps=Steps(GOOD, ((0.01, BAD),)),
        ),
        lines(
            "Catalogue records refused",
            "Records of the catalogue a minute that could not be read; products stay as they were.",
            (a_minute("touchline_catalogue_refused_total"), "refused"),
            unit="cpm",
            look="the log of the process that owns shard 0; docs/events.md",
            empty=SILENT,
        ),
        lines(
            "Repeats by channel",
            "Events a minute that came again and were dropped: producers that retry.",
            (
                a_minute("touchline_events_total", "channel", 'outcome="duplicate"'),
                "{{channel}}",
            ),
            unit="epm",
            look="the channel's producer",
            empty=SILENT,
        ),
        lines(
            "Forwarded by topic",
            "Events a minute that came in another partition than their customer's and were"
            " forwarded, and repeats of such, and of what all shards are told, that were dropped.",
            (a_minute("touchline_forwarded_events_total", "topic"), "{{topic}}"),
            (a_minute("touchline_forward_repeats_total"), "repeats"),
            (a_minute("touchline_broadcast_repeats_total"), "told again"),
            unit="epm",
            look="the producer's partitioner and key; docs/events.md",
            empty=SILENT,
        ),
        lines(
            "Corrected times by channel",
            "Events a minute that said a time in the future and were taken with a corrected one:"
            " devices whose clocks are ahead.",
            (a_minute("touchline_events_corrected_total", "channel"), "{{channel}}"),
            unit="epm",
            look="docs/events.md, a time in the future",
            empty=SILENT,
        ),
    ),
)

TABLES: Final = Row(
    "Warehouse: is it written?",
    (
        number(
            "Warehouse",
            "Whether it can be written.",
            (f"min({of('touchline_warehouse_up')})", "warehouse"),
            unit="none",
            look="failed attempts",
            empty=QUIET,
            steps=NONE_IS_BAD,
            words=UP_OR_DOWN,
        ),
        number(
            "Outages",
            "How often it ceased to be writable in the last hour.",
            (grown("touchline_warehouse_outages_total"), "in the last hour"),
            unit="none",
            look="time without the warehouse",
            empty=QUIET,
            steps=ANY_IS_BAD,
        ),
        number(
            "Failed attempts",
            "Attempts of the last hour to open or write a table that failed and were made again.",
            (grown("touchline_warehouse_failures_total"), "in the last hour"),
            unit="none",
            look="the log of the warehouse flow, which has the reason",
            empty=QUIET,
            steps=ANY_IS_BAD,
        ),
        lines(
            "Last commit",
            "How long ago each table was last committed to. One that is owed nothing may be old; it"
            " alerts at 5 minutes when records wait.",
            (recorded("flow_table:touchline_warehouse_commit_age_seconds:min"), "{{table}}"),
            unit="s",
            look="what is in no table yet",
            empty=QUIET,
        ),
        lines(
            "What is in no table yet",
            "Records of Kafka that are on their way, by the table they are for. Around 0 after"
            " each commit when all is well.",
            (recorded("flow_table:touchline_warehouse_lag_records:sum"), "{{table}}"),
            unit="none",
            look="docs/runbooks/TouchlineWarehouseStale.md",
            empty=QUIET,
        ),
        lines(
            "On its way by shard",
            "The same by shard: one that stands out is not read.",
            (now("touchline_warehouse_lag_records", "shard"), "{{shard}}"),
            unit="none",
            look="the log of the warehouse flow",
            empty=QUIET,
        ),
        lines(
            "Newest row",
            "How long ago the newest record of each table was received or decided: how fresh what"
            " analysts see is.",
            (
                f"time() - max by (table) ({NEWEST} > 0)",
                "{{table}}",
            ),
            unit="s",
            look="last commit",
            empty="nothing has been written yet",
        ),
        lines(
            "Time without the warehouse",
            "The share of the time that it was waited for.",
            (rate("touchline_warehouse_outage_seconds_total"), "waited"),
            unit="percentunit",
            look="failed attempts",
            empty=QUIET,
        ),
    ),
)

LOADING: Final = Row(
    "Warehouse: how fast?",
    (
        lines(
            "Rows",
            "Rows a second added to each table.",
            (rate("touchline_warehouse_rows_total", "table"), "{{table}}"),
            unit="cps",
            look="last commit",
            empty=QUIET,
        ),
        lines(
            "Bytes",
            "Bytes a second, as they lie in Kafka, of the records that became rows.",
            (rate("touchline_warehouse_bytes_total", "table"), "{{table}}"),
            unit="Bps",
            look="rows",
            empty=QUIET,
        ),
        lines(
            "Records read",
            "Records a second read for each table; those of them that came again, and that are no"
            " rows.",
            (rate("touchline_warehouse_records_total", "table"), "{{table}}"),
            (rate("touchline_warehouse_repeats_total", "table"), "{{table}}: again"),
            (rate("touchline_warehouse_skipped_total", "table"), "{{table}}: no row"),
            unit="cps",
            look="rows",
            empty=QUIET,
        ),
        lines(
            "Read and not written",
            "Rows that wait in memory for the next commit.",
            (now("touchline_warehouse_buffered_rows", "table"), "{{table}}"),
            unit="none",
            look="last commit",
            empty=QUIET,
        ),
        lines(
            "Read and not written, in bytes",
            "What these rows take, as they lie in Kafka.",
            (now("touchline_warehouse_buffered_bytes", "table"), "{{table}}"),
            unit="bytes",
            look="Pipeline, memory",
            empty=QUIET,
        ),
        lines(
            "Time of a commit",
            "Half and 99 % of the last 5 minutes' commits to a table took no longer.",
            *(
                (
                    quantile(share, "touchline_warehouse_commit_seconds", "table", over="5m"),
                    f"{{{{table}}}} {name}",
                )
                for share, name in ((0.5, "p50"), (0.99, "p99"))
            ),
            unit="s",
            look="what the warehouse lies on",
            empty="no commit in the last 5 minutes",
        ),
        lines(
            "Time of a poll by stage",
            "The mean time that one poll's records spend in each stage.",
            (mean("touchline_warehouse_stage_seconds", "stage"), "{{stage}}"),
            unit="s",
            look="load of the thread",
            empty="no records",
        ),
        lines(
            "Load of the thread",
            "The share of its time that the flow does not wait for records; at 100 % it has no"
            " reserve.",
            (load("touchline_warehouse_idle_seconds_total"), "{{instance}}"),
            unit="percentunit",
            look="time of a poll by stage",
            empty=QUIET,
            steps=Steps(GOOD, ((0.7, WARN), (0.9, BAD))),
        ),
    ),
)

LOSSES: Final = Board(
    name="losses",
    title="dead letters and warehouse",
    description="What was not taken and why; what is on its way to the tables.",
    rows=(DEAD_LETTERS, TABLES, LOADING),
)
