"""Every metric there is: its name, kind, unit, meaning and labels. Names are Prometheus' style.

Counts are since the process began. Label values that are a closed set exist from the start with 0,
so that a rate is right at the first event, and a graph shows nothing instead of no data.
"""

from typing import Final

from flows.metrics.metric import WAITS, C, G, Kind, Metric
from flows.metrics.of_deciding import DECIDING, SHARED
from flows.metrics.of_touchpoints import STAGES, TOUCHPOINTS
from flows.metrics.of_warehouse import WAREHOUSE

__all__ = ["BUILD", "COMMON", "METRICS", "METRICS_OF", "STAGES", "WAITS", "Kind", "Metric"]

BUILD: Final = Metric(
    "touchline_build_info",
    G,
    "",
    "1 for the program that runs; build is the hash of the code that decides.",
    ("version", "build"),
)
COMMON: Final = (
    BUILD,
    Metric("touchline_kafka_up", G, "", "1 when Kafka answers, 0 when it is waited for."),
    Metric("touchline_kafka_outages_total", C, "outages", "Times that Kafka ceased to answer."),
    Metric("touchline_kafka_outage_seconds_total", C, "seconds", "Time that Kafka was waited for."),
)
"""What every flow measures."""

METRICS: Final = (*COMMON, *TOUCHPOINTS, *WAREHOUSE, *DECIDING)
METRICS_OF: Final = {
    "touchpoints": (*COMMON, *TOUCHPOINTS),
    "warehouse": (*COMMON, *WAREHOUSE),
    "decide": (*COMMON, *DECIDING, *(one for one in TOUCHPOINTS if one.name in SHARED)),
}
"""Flow → what it shows: a 0 of something that it does not measure would be a false alarm."""
