"""Selects series of the catalogue, by flow and channel as the reader of a board has chosen."""

from typing import Final

from flows.metrics.catalogue import METRICS, Kind

SCRAPED: Final = ("flow", "instance", "job")
"""Labels that prometheus/prometheus.yml and Prometheus itself add to whatever they scrape."""
PROCESS: Final = ("process_resident_memory_bytes", "process_cpu_seconds_total")
"""Of prometheus_client's process metrics, those that boards show; Linux only."""

CHOSEN: Final = {
    "flow": 'flow=~"$flow"',
    "channel": 'channel=~"$channel"',
    "topic": 'topic=~"touchpoints[.]$channel"',
}
"""Label → how a board's variables choose among its values. A topic is its channel's."""
OF_ALL_CHANNELS: Final = "touchline_warehouse_"
"""Metrics named so know topics that no channel has to itself."""


def _labels() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = dict.fromkeys(("up", *PROCESS), SCRAPED)
    for metric in METRICS:
        labels = (*metric.labels, *SCRAPED)
        if metric.kind is Kind.HISTOGRAM:
            found |= {f"{metric.name}_{part}": labels for part in ("sum", "count")}
            found[f"{metric.name}_bucket"] = (*labels, "le")
        else:
            found[metric.name] = labels
    return found


LABELS: Final = _labels()
"""Every series there is → its labels; a histogram is three series. Recorded ones are not here."""


class UnknownSeries(LookupError):
    """No flow shows a series of this name."""


def of(name: str, *matchers: str) -> str:
    """A selector of the series `name` with `matchers` (`outcome="accepted"`), which honours the
    variables of every label it has. Raises UnknownSeries."""
    if name not in LABELS:
        raise UnknownSeries(
            f"{name}: expected a metric of flows/metrics/catalogue.py (a histogram's with _bucket,"
            " _sum or _count), got none of that name"
        )
    labels = set(LABELS[name]) - ({"topic"} if name.startswith(OF_ALL_CHANNELS) else set())
    return _selector(name, labels, matchers)


def recorded(name: str, *matchers: str) -> str:
    """A selector of a series that prometheus/rules/recording.yml records; its level, the first
    part of its name, says which labels are left."""
    return _selector(name, set(name.partition(":")[0].split("_")), matchers)


def _selector(name: str, labels: set[str], matchers: tuple[str, ...]) -> str:
    chosen = {CHOSEN[label] for label in labels & CHOSEN.keys()}
    return f"{name}{{{','.join(sorted({*matchers, *chosen}))}}}"


def rate(name: str, by: str = "", *matchers: str) -> str:
    """How fast a counter grows, per second, over as short a time as screen and scrapes allow; by
    the labels `by` ("channel, outcome"), or all of it."""
    return _sum(f"rate({of(name, *matchers)}[$__rate_interval])", by)


def a_minute(name: str, by: str = "", *matchers: str) -> str:
    """`rate`, for what is rare: per minute."""
    return f"60 * {rate(name, by, *matchers)}"


def grown(name: str, by: str = "", *matchers: str, over: str = "1h") -> str:
    """By how much a counter has grown in the last `over`."""
    return _sum(f"increase({of(name, *matchers)}[{over}])", by)


def now(name: str, by: str = "", *matchers: str) -> str:
    """A gauge, added up."""
    return _sum(of(name, *matchers), by)


def quantile(share: float, histogram: str, by: str = "", over: str = "$__rate_interval") -> str:
    """The value that `share` (0..1) of a histogram's observations in the last `over` do not
    exceed, in its unit; NaN without any."""
    buckets = f"rate({of(histogram + '_bucket')}[{over}])"
    return f"histogram_quantile({share}, {_sum(buckets, f'le, {by}' if by else 'le')})"


def mean(histogram: str, by: str = "") -> str:
    """The mean of a histogram's observations, in its unit; NaN without any."""
    return f"{rate(histogram + '_sum', by)} / {rate(histogram + '_count', by)}"


def load(idle: str) -> str:
    """The share of its time that each process's thread does not wait, from the counter of the
    seconds that it does; 0..1."""
    return f"clamp_min(1 - rate({of(idle)}[$__rate_interval]), 0)"


def _sum(expression: str, by: str) -> str:
    return f"sum by ({by}) ({expression})" if by else f"sum({expression})"
