"""The catalogue keeps Prometheus' naming rules, and the code keeps to the catalogue."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from flows.metrics.catalogue import BUILD, METRICS, METRICS_OF, Kind, Metric
from flows.metrics.meter import BASE_UNITS

FLOWS = Path(__file__).parents[2] / "flows"
BY_NAME = {metric.name: metric for metric in METRICS}
METHODS = {
    "add": Kind.COUNTER,
    "set": Kind.GAUGE,
    "observe": Kind.HISTOGRAM,
    "observe_many": Kind.HISTOGRAM,
}
# https://prometheus.io/docs/practices/naming/: base units only.
NOT_BASE_UNITS = re.compile(
    r"_(ms|us|ns|millis\w*|micros\w*|minutes?|hours?|days?|kb|mb|kilo\w*|mega\w*|percent)(_|$)"
)

each = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)


def test_no_name_is_there_twice() -> None:
    assert len(BY_NAME) == len(METRICS)


@each
def test_a_name_follows_prometheus_rules(metric: Metric) -> None:
    assert re.fullmatch(r"touchline(_[a-z0-9]+)+", metric.name)
    assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert not metric.name.endswith(("_count", "_sum", "_bucket", "_created"))
    assert not NOT_BASE_UNITS.search(metric.name)
    for unit in BASE_UNITS:
        has_unit = metric.name.removesuffix("_total").endswith(f"_{unit}")
        assert has_unit == (metric.unit == unit)


@each
def test_a_metric_says_in_a_sentence_what_it_means(metric: Metric) -> None:
    assert re.fullmatch(r"(\d|[A-Z]).{10,}\.", metric.meaning)


@each
def test_labels_are_well_formed_and_closed_sets_are_of_labels(metric: Metric) -> None:
    assert all(re.fullmatch(r"[a-z]+", label) for label in metric.labels)
    assert not {"le", "quantile", "job", "instance"} & set(metric.labels)
    assert set(metric.values) <= set(metric.labels)
    for values in metric.values.values():
        assert len(set(values)) == len(values) > 1


@each
def test_only_histograms_have_buckets_and_theirs_rise(metric: Metric) -> None:
    assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)
    assert all(low < high for low, high in pairwise(metric.buckets))


def calls() -> Iterator[tuple[str, str, str, set[str | None]]]:
    """Every `.add("touchline_...", label=...)` and its like: (place, method, name, labels)."""
    for path in FLOWS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr=method),
                    args=[ast.Constant(value=str(name)), *_],
                    keywords=keywords,
                ) if method in METHODS and name.startswith("touchline_"):
                    place = f"{path.relative_to(FLOWS.parent)}:{node.lineno}"
                    yield place, method, name, {keyword.arg for keyword in keywords}


def test_the_code_measures_only_what_the_catalogue_has_and_in_its_way() -> None:
    for place, method, name, labels in calls():
        assert name in BY_NAME, place
        assert METHODS[method] is BY_NAME[name].kind, place
        if None not in labels:  # **labels are seen when it runs
            assert labels == set(BY_NAME[name].labels), place


def test_every_name_in_the_code_is_in_the_catalogue() -> None:
    for path in FLOWS.rglob("*.py"):
        for name in re.findall(r'"(touchline_[a-z_]+)"', path.read_text()):
            assert name in BY_NAME, path


def test_every_metric_of_the_catalogue_is_measured_by_its_flow() -> None:
    """Names that are put together are found by the rest of what they are put together from."""
    text = "".join(
        path.read_text()
        for path in FLOWS.rglob("*.py")
        if path.parent.name != "metrics" or path.name in ("availability.py", "meter.py")
    )
    for metric in METRICS_OF["touchpoints"] + METRICS_OF["warehouse"]:
        any_server = re.sub(
            r"_(kafka|redis|warehouse)_(up|outage)", r"_{self._name}_\2", metric.name
        )
        assert f'"{metric.name}"' in text or f'"{any_server}"' in text or metric is BUILD, (
            metric.name
        )
