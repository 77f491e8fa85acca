"""What a running `up` shows: read from the flows' /metrics, turned into rates and percentiles.

Who asks the flows is `flows.local.watch`.
"""

from collections import defaultdict
from collections.abc import Mapping

from msgspec import Struct, field
from prometheus_client.parser import text_string_to_metric_families

EVENTS = "touchline_events_total"
LATENCY = "touchline_event_to_offer_seconds"
OFFERS = "touchline_offers_decided_total"
ALERTS = "touchline_alerts_raised_total"
DEAD_LETTERS = "touchline_dead_letters_total"
LAG = "touchline_lag_events"
ROWS = "touchline_warehouse_rows_total"
OWNED = "touchline_shards_owned"
WAITING = "touchline_shards_waiting"
SUMMED = (OFFERS, ALERTS, DEAD_LETTERS, LAG, ROWS, OWNED, WAITING)
NAMES = (EVENTS, LATENCY, *SUMMED)
"""Every metric read here."""

Buckets = dict[float, float]
"""Upper bound in seconds → observations up to it."""


class Sample(Struct, frozen=True):
    """The counts of one moment, since the start."""

    at_s: float
    """Monotonic seconds."""
    events: dict[str, float] = field(default_factory=dict)
    """By channel, whatever became of them."""
    accepted: float = 0
    """Events that became a record for the warehouse: all but duplicates and dead letters."""
    latency: Buckets = field(default_factory=dict)
    offers: float = 0
    alerts: float = 0
    dead_letters: float = 0
    lag: float = 0
    """Events that are in the topics and not yet committed."""
    rows: float = 0
    """Rows added to the warehouse."""
    owned: float | None = None
    """Shards the touchpoints flow works on; None when it has not said so."""
    waiting: float = 0
    """Shards that wait for Kafka or Redis."""


class Numbers(Struct, frozen=True):
    """What is shown. Counts since the start; rates and latencies of the last seconds, or of the
    whole run in a summary."""

    seconds: float
    events: int
    events_per_s: float
    channels_per_s: dict[str, float]
    latency_p50_ms: float | None
    """From the log record's timestamp to the commit; None without an observation."""
    latency_p99_ms: float | None
    offers: int
    alerts: int
    dead_letters: int
    lag_events: int
    warehouse_rows: int
    accepted: int = 0
    """Events that are to be a row of the table touchpoints each."""
    shards: int = 0
    """All there are: one a partition."""
    shards_owned: int | None = None
    """None when the touchpoints flow has not said it."""
    shards_waiting: int = 0
    silent: dict[str, float] = field(default_factory=dict)
    """Flow → seconds since it last answered, for those that do not; what is told of them is old."""
    waiting: dict[str, str] = field(default_factory=dict)
    """Flow → what it waits for, in the words of its /readyz; empty when all are ready."""
    no_events_s: float = 0
    """Seconds without an event while a simulator should send some; 0 when they come."""


def read_sample(texts: Mapping[str, str], at_s: float) -> Sample:
    """A sample of what the flows say, all of them added up."""
    events: defaultdict[str, float] = defaultdict(float)
    latency: defaultdict[float, float] = defaultdict(float)
    sums: defaultdict[str, float] = defaultdict(float)
    accepted = 0.0
    for text in texts.values():
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == EVENTS:
                    events[sample.labels["channel"]] += sample.value
                    accepted += sample.value * (sample.labels["outcome"] == "accepted")
                elif sample.name == LATENCY + "_bucket":
                    latency[float(sample.labels["le"])] += sample.value
                elif sample.name in SUMMED:
                    sums[sample.name] += sample.value
    return Sample(
        at_s=at_s,
        events=dict(events),
        accepted=accepted,
        latency=dict(latency),
        offers=sums[OFFERS],
        alerts=sums[ALERTS],
        dead_letters=sums[DEAD_LETTERS],
        lag=sums[LAG],
        rows=sums[ROWS],
        owned=sums.get(OWNED),
        waiting=sums[WAITING],
    )


def quantile_s(buckets: Buckets, share: float) -> float | None:
    """The value that `share` (0..1) of the observations do not exceed, in the buckets' unit.

    Linear within a bucket, as Prometheus' histogram_quantile; beyond the last bound, that bound.
    None without observations.
    """
    bounds = sorted(buckets)
    if not bounds or not buckets[bounds[-1]]:
        return None
    wanted = share * buckets[bounds[-1]]
    low, below = 0.0, 0.0
    for bound in bounds:
        if buckets[bound] >= wanted and buckets[bound] > below:
            if bound == float("inf"):
                return low
            # Not beyond its bucket by a last digit that rounding has left over.
            return min(bound, low + (bound - low) * (wanted - below) / (buckets[bound] - below))
        low, below = bound, buckets[bound]
    return low


def between(first: Sample, last: Sample, seconds: float) -> Numbers:
    """The totals of `last`, and the rates and percentiles of what lies between the two.

    `seconds`: since the start.
    """
    elapsed = max(last.at_s - first.at_s, 1e-9)
    rates = {
        channel: round((count - first.events.get(channel, 0)) / elapsed, 1)
        for channel, count in last.events.items()
    }
    waits = {bound: count - first.latency.get(bound, 0) for bound, count in last.latency.items()}
    return Numbers(
        seconds=round(seconds, 1),
        events=int(sum(last.events.values())),
        events_per_s=round(sum(rates.values()), 1),
        channels_per_s=rates,
        latency_p50_ms=_ms(quantile_s(waits, 0.5)),
        latency_p99_ms=_ms(quantile_s(waits, 0.99)),
        offers=int(last.offers),
        alerts=int(last.alerts),
        dead_letters=int(last.dead_letters),
        lag_events=int(last.lag),
        warehouse_rows=int(last.rows),
        accepted=int(last.accepted),
        shards_owned=None if last.owned is None else int(last.owned),
        shards_waiting=int(last.waiting),
    )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
