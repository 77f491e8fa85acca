"""Keeps the numbers of the catalogue, cheaply, for whoever asks at /metrics."""

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import accumulate, product
from pathlib import Path
from typing import Self

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector

from connectors.kafka.topics import ACTIONS, ENRICHED, input_topics
from decisions.load import load_playbook
from decisions.offering.catalogue import Offer
from decisions.playbook import PlaybookError
from flows.metrics.catalogue import BUILD, METRICS, METRICS_OF, Kind, Metric
from flows.metrics.of_decisions import OFFER_OUTCOMES, OTHER_OFFER
from flows.processor.build import build_id
from flows.settings import Settings

Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily
BASE_UNITS = ("seconds", "bytes")
"""Those that a name ends with; OpenMetrics wants them told besides."""
MANY = 64
"""Observations from which on they are sorted first."""
Key = tuple[str, ...]
"""Label values, in the order of the metric's labels."""


class MetricError(LookupError):
    """No such metric, label, or value of a closed label; or a metric of another kind."""


class Series:
    """The numbers of one metric under one set of label values."""

    __slots__ = ("buckets", "value")

    def __init__(self, metric: Metric) -> None:
        self.value = 0.0
        """Of a histogram: the sum."""
        self.buckets = [0] * (len(metric.buckets) + 1) if metric.kind is Kind.HISTOGRAM else []
        """Observations in each bucket, not added up."""


class Meter(Collector):
    """The numbers of one process. Any thread may add to them and any may read them.

    Every method raises MetricError for what the catalogue does not know.
    """

    def __init__(
        self, metrics: Sequence[Metric] = METRICS, known: Mapping[str, Iterable[str]] | None = None
    ) -> None:
        """`known`: label → values that are there from the start with 0; others may come later."""
        self._metrics = {metric.name: metric for metric in metrics}
        self._series: dict[str, dict[Key, Series]] = {name: {} for name in self._metrics}
        self._lock = threading.Lock()
        known = {label: tuple(values) for label, values in (known or {}).items()}
        for metric in metrics:
            for key in product(*({**known, **metric.values}.get(n, ()) for n in metric.labels)):
                self._series[metric.name][key] = Series(metric)
        self.registry = CollectorRegistry(auto_describe=False)
        """What an exposition shows: this meter, and the process's memory and processor time."""
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    @classmethod
    def for_flow(cls, flow: str, settings: Settings, shards: Iterable[int] = ()) -> Self:
        """A meter of `flow` that knows the topics it reads, its `shards` and the playbook's names.

        The warehouse flow has all shards. A playbook that cannot be used is no matter of metrics:
        the flow that needs it says so.
        """
        topics = input_topics(settings.channels)
        if flow == "warehouse":
            topics, shards = (ENRICHED, ACTIONS), range(settings.partitions)
        known: dict[str, Iterable[str]] = {
            "channel": settings.channels,
            "topic": topics,
            "shard": map(str, shards),
        }
        offers: Mapping[str, Offer] = {}
        rules: list[str] = []
        try:
            playbook = load_playbook(Path(settings.playbook))
        except PlaybookError:
            pass
        else:
            offers = playbook.offers
            known |= {
                "offer": offers,
                "alert": playbook.alerts,
                "segment": playbook.segments,
                "journey": playbook.journeys,
            }
            kinds = ("segment", "offer", "alert", "journey")
            rules = [f"{kind}.{name}" for kind in kinds for name in known[kind]]
        meter = cls(METRICS_OF[flow], known)
        meter.set(BUILD.name, 1, version=_installed_version(), build=build_id())
        if flow == "touchpoints":
            for offer in offers.values():  # through channels that bring no events, too
                for channel in offer.channels:
                    meter.add("touchline_offers_decided_total", 0, offer=offer.id, channel=channel)
            for outcome in OFFER_OUTCOMES:
                meter.add("touchline_offer_events_total", 0, offer=OTHER_OFFER, outcome=outcome)
        if flow != "warehouse":
            for rule in rules:
                meter.add("touchline_rule_errors_total", 0, rule=rule)
        return meter

    def add(self, name: str, value: float = 1, /, **labels: str) -> None:
        """Let a counter grow by `value`. Raises ValueError when that is negative."""
        if value < 0:
            raise ValueError(f"{name}: a counter only grows, got {value}")
        with self._lock:
            self._find(name, Kind.COUNTER, labels).value += value

    def set(self, name: str, value: float, /, **labels: str) -> None:
        """Say what a gauge is now."""
        with self._lock:
            self._find(name, Kind.GAUGE, labels).value = value

    def forget(self, name: str, /, **labels: str) -> None:
        """Show a gauge no more under these labels: somebody else measures it now."""
        with self._lock:
            self._find(name, Kind.GAUGE, labels)
            del self._series[name][_key(self._metric(name), labels)]

    def labels(self, name: str) -> list[dict[str, str]]:
        """Those under which it is shown."""
        with self._lock:
            labels = self._metric(name).labels
            return [dict(zip(labels, key, strict=True)) for key in self._series[name]]

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """Count `value` into a histogram."""
        self.observe_many(name, (value,), **labels)

    def observe_many(self, name: str, values: Sequence[float], /, **labels: str) -> None:
        """Count every one of `values` into a histogram."""
        with self._lock:
            series = self._find(name, Kind.HISTOGRAM, labels)
            buckets, bounds = series.buckets, self._metrics[name].buckets
            series.value += sum(values)
            if len(values) < MANY:
                for value in values:
                    buckets[bisect_left(bounds, value)] += 1
                return
            # Sorting is done in C, and most are in order: a fifth of the time of one by one.
            rising = sorted(values)
            below = [bisect_right(rising, bound) for bound in bounds]
            for number, upto in enumerate((*below, len(rising))):
                buckets[number] += upto - (below[number - 1] if number else 0)

    def value(self, name: str, /, **labels: str) -> float:
        """A counter's or gauge's number, or how many a histogram has observed; 0 before any."""
        with self._lock:
            metric = self._metric(name)
            series = self._series[name].get(_key(metric, labels))
        if series is None:
            return 0
        return sum(series.buckets) if metric.kind is Kind.HISTOGRAM else series.value

    def collect(self) -> Iterable[Family]:
        """One family for each metric, as prometheus_client's expositions want them."""
        with self._lock:
            return [_family(metric, self._series[metric.name]) for metric in self._metrics.values()]

    def _metric(self, name: str) -> Metric:
        try:
            return self._metrics[name]
        except KeyError:
            raise MetricError(f"{name}: not in the catalogue of metrics") from None

    def _find(self, name: str, kind: Kind, labels: dict[str, str]) -> Series:
        metric = self._metric(name)
        if metric.kind is not kind:
            raise MetricError(f"{name}: expected a {kind}, got a {metric.kind}")
        key = _key(metric, labels)
        series = self._series[name].get(key)
        if series is None:
            for label, value in zip(metric.labels, key, strict=True):
                if value not in metric.values.get(label, (value,)):
                    raise MetricError(f"{name}: {label} cannot be {value!r}")
            series = self._series[name][key] = Series(metric)
        return series


def _installed_version() -> str:
    try:
        return version("touchline")
    except PackageNotFoundError:
        return "not installed"


def _key(metric: Metric, labels: dict[str, str]) -> Key:
    try:
        key = tuple([labels[label] for label in metric.labels])
    except KeyError:
        key = ()
    if len(key) != len(labels) or len(key) != len(metric.labels):
        expected, got = (", ".join(names) or "none" for names in (metric.labels, labels))
        raise MetricError(f"{metric.name}: expected the labels {expected}, got {got}")
    return key


def _family(metric: Metric, all_series: dict[Key, Series]) -> Family:
    unit = metric.unit if metric.unit in BASE_UNITS else ""
    name, meaning, labels = metric.name, metric.meaning, metric.labels
    if metric.kind is Kind.HISTOGRAM:
        histogram = HistogramMetricFamily(name, meaning, labels=labels, unit=unit)
        bounds = [*(str(float(bound)) for bound in metric.buckets), "+Inf"]
        for key, series in all_series.items():
            counts = zip(bounds, accumulate(series.buckets), strict=True)
            histogram.add_metric(key, list(counts), series.value)
        return histogram
    single = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = single(name, meaning, labels=labels, unit=unit)
    for key, series in all_series.items():
        family.add_metric(key, series.value)
    return family
