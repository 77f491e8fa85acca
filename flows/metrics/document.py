"""docs/metrics.md, from the catalogue: `python -m flows.metrics.document > docs/metrics.md`.

Links and examples stand here; names, kinds, labels and meanings come from where they are defined.
"""

import sys
from collections.abc import Iterable

from flows.metrics.catalogue import COMMON, Kind, Metric
from flows.metrics.of_deciding import DECIDING, SHARED
from flows.metrics.of_touchpoints import TOUCHPOINTS
from flows.metrics.of_warehouse import WAREHOUSE

INTRODUCTION = """\
# Metrics

What each flow measures, and how to ask for it. Written from the catalogue in
[flows/metrics](../flows/metrics/catalogue.py) by `python -m flows.metrics.document`; a test holds
the two together.

Each process answers at `http://TOUCHLINE_METRICS_HOST:TOUCHLINE_METRICS_PORT` (127.0.0.1 and any
free port unless set): `/metrics` in Prometheus' text format, or OpenMetrics for who prefers that;
`/healthz`, 200 as long as the process lives; `/readyz`, 200 while it works, else 503 and in a line
what it waits for, or how many of its shards another process took. There is no authentication.
Nothing else listens: Bytewax's own server stays off, whatever its variable says.

- Counts are since the process began, and are of what was committed unless the meaning says
  otherwise: a flush that is done again after a crash is counted by the process that commits it.
- A commit that succeeded and whose answer was lost is in no count of what was committed, only in
  `touchline_commits_failed_total{outcome="unknown"}`: its shard is taken again from behind it, so
  nothing is done or counted again. Redis has the truth: `touchline:{sNN}:counters` are written by
  the commit itself and miss none.
- Labels are bounded: closed sets, the channels, the partitions, and the names in the playbook.
  What a customer sends is never a label. All series are there from the start with 0.
- Moments (`_timestamp_seconds`) are seconds since the epoch; 0 is "not yet". `time() - ...` goes
  on growing when the process hangs, which a delay told by the process itself does not.
- Gauges of lag, event time, and what is buffered are looked at once a second.
- Consumer groups `touchline` (the topics that are read) and `touchline-warehouse`
  (`touchpoints.enriched`, `touchpoints.actions`) hold offsets for lag tools of other people. They
  are committed every 5 s and at a stop, and never read back to go on from. With
  TOUCHLINE_ASSIGNMENT=group the processes are members of `touchline`, else it has none.
- `touchline_segment_customers` is who came into a segment less who left it, from the counts in
  Redis, so it is exact, through crashes and restarts too, and as old as the last look. Who is in a
  segment that a new playbook no longer has, or has under another name, leaves it at their next
  event, or when their next timer is due; until then it is shown under the old name. While a
  shard waits for Redis or Kafka its part is as it was last seen, a flush without an answer
  included; in the moment in which a shard changes hands it is in no process's sum, or in two.
- The process's own `process_cpu_seconds_total`, `process_resident_memory_bytes`,
  `process_start_time_seconds` and file handles stand beside these.
"""

QUESTIONS = (
    ("Events a second, by channel", "sum by (channel) (rate(touchline_events_total[1m]))"),
    (
        "Share of events refused",
        (
            'sum(rate(touchline_events_total{outcome="dead_letter"}[5m]))'
            " / sum(rate(touchline_events_total[5m]))"
        ),
    ),
    (
        "Event to offer, 99th percentile",
        "histogram_quantile(0.99, sum by (le) (rate(touchline_event_to_offer_seconds_bucket[5m])))",
    ),
    (
        "Time of a flush in each stage",
        (
            "sum by (stage) (rate(touchline_stage_seconds_sum[5m]))"
            " / sum by (stage) (rate(touchline_stage_seconds_count[5m]))"
        ),
    ),
    (
        "How busy a touchpoints process is, 0 to 1",
        "1 - rate(touchline_idle_seconds_total[1m])",
    ),
    (
        "How full flushes are, 0 to 1",
        (
            "rate(touchline_flush_events_sum[1m]) / rate(touchline_flush_events_count[1m])"
            " / touchline_flush_limit_events"
        ),
    ),
    (
        "Requests for offers that got none, a second, by why",
        'sum by (outcome) (rate(touchline_decide_requests_total{outcome!="answered"}[5m]))',
    ),
    (
        "A request for offers, 99th percentile",
        "histogram_quantile(0.99, sum by (le) (rate(touchline_decide_seconds_bucket[5m])))",
    ),
    ("Lag of each topic", "sum by (topic) (touchline_lag_events)"),
    ("The shard that is furthest behind", "topk(1, touchline_clock_delay_seconds)"),
    ("Who holds the shards' clocks back", "sum by (topic) (touchline_clock_holder)"),
    (
        "How late timers are, 99th percentile",
        "histogram_quantile(0.99, sum by (le) (rate(touchline_timer_lateness_seconds_bucket[5m])))",
    ),
    ("Customers in each segment", "sum by (segment) (touchline_segment_customers)"),
    (
        "Clicks per offer shown",
        (
            'sum by (offer) (rate(touchline_offer_events_total{outcome="clicked"}[1h]))'
            ' / sum by (offer) (rate(touchline_offer_events_total{outcome="shown"}[1h]))'
        ),
    ),
    (
        "Found in memory, 0 to 1",
        (
            "rate(touchline_cache_hits_total[5m])"
            " / (rate(touchline_cache_hits_total[5m]) + rate(touchline_cache_misses_total[5m]))"
        ),
    ),
    (
        "Age of the warehouse's newest row, seconds",
        "time() - (touchline_warehouse_newest_timestamp_seconds > 0)",
    ),
)
"""(what is asked, how Prometheus is asked)."""


def document() -> str:
    """The whole page."""
    return "\n".join(
        [
            INTRODUCTION,
            "## Questions and how to ask them\n",
            "| Question | Query |",
            "|---|---|",
            *(f"| {question} | `{query}` |" for question, query in QUESTIONS),
            *_section("Every flow", COMMON),
            *_section("The touchpoints flow", TOUCHPOINTS),
            *_section("The warehouse flow", WAREHOUSE),
            *_section("`touchline run decide`", DECIDING),
            "\nAnd of what the touchpoints flow measures:",
            f"{', '.join(f'`{name}`' for name in SHARED)}.",
            "",
        ]
    )


def _section(title: str, metrics: Iterable[Metric]) -> Iterable[str]:
    yield f"\n## {title}\n"
    yield "| Metric | Kind | Unit | Labels | Meaning |"
    yield "|---|---|---|---|---|"
    for metric in metrics:
        labels = "; ".join(_label(metric, label) for label in metric.labels)
        unit, kind = metric.unit or "-", _kind(metric)
        yield f"| `{metric.name}` | {kind} | {unit} | {labels or '-'} | {metric.meaning} |"


def _label(metric: Metric, label: str) -> str:
    values = metric.values.get(label)
    return f"{label}: {', '.join(values)}" if values else label


def _kind(metric: Metric) -> str:
    if metric.kind is not Kind.HISTOGRAM:
        return metric.kind
    low, high = metric.buckets[0], metric.buckets[-1]
    return f"{metric.kind}, {low:g} to {high:g}"


if __name__ == "__main__":
    sys.stdout.write(document())
