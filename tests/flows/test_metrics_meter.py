"""The meter counts what it is told, all of it, and nothing that is not in the catalogue."""

import threading
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, Metric, generate_latest
from prometheus_client.openmetrics import exposition, parser
from prometheus_client.parser import text_string_to_metric_families as read_text

from flows.metrics.catalogue import COMMON, METRICS, WAITS, Kind
from flows.metrics.meter import BASE_UNITS, MANY, Meter, MetricError
from flows.settings import Settings

EVENTS = "touchline_events_total"
LATENCY = "touchline_event_to_offer_seconds"
KNOWN = {"channel": ["click", "email"], "offer": ["tea"], "alert": ["fire"], "segment": ["vip"]}
PLAYBOOK = Path(__file__).parents[2] / "playbooks" / "retail.yaml"


def scrape(meter: Meter) -> dict[str, Metric]:
    """Families by name, as Prometheus reads them."""
    text = generate_latest(meter.registry).decode()
    return {family.name: family for family in read_text(text)}


def samples(meter: Meter, name: str) -> dict[tuple[str, ...], float]:
    """Label values, in the catalogue's order → value, of all samples of that name."""
    (labels,) = (m.labels for m in METRICS if m.name == name.removesuffix("_count"))
    found = [s for family in scrape(meter).values() for s in family.samples if s.name == name]
    return {tuple(sample.labels[label] for label in labels): sample.value for sample in found}


def test_what_was_added_is_scraped() -> None:
    meter = Meter(known=KNOWN)
    meter.add(EVENTS, channel="click", outcome="accepted")
    meter.add(EVENTS, 41, outcome="accepted", channel="click")
    meter.add(EVENTS, 2, channel="email", outcome="duplicate")
    assert samples(meter, EVENTS) == {
        ("click", "accepted"): 42,
        ("click", "duplicate"): 0,
        ("click", "dead_letter"): 0,
        ("email", "accepted"): 0,
        ("email", "duplicate"): 2,
        ("email", "dead_letter"): 0,
    }
    assert meter.value(EVENTS, channel="click", outcome="accepted") == 42


def test_a_gauge_is_what_it_was_last_said_to_be() -> None:
    meter = Meter()
    meter.set("touchline_lag_events", 7, topic="touchpoints.click", shard="3")
    meter.set("touchline_lag_events", 2, topic="touchpoints.click", shard="3")
    assert samples(meter, "touchline_lag_events") == {("touchpoints.click", "3"): 2}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_closed_sets_are_there_from_the_start_with_0(metric: Any) -> None:
    name = metric.name + ("_count" if metric.kind is Kind.HISTOGRAM else "")
    sets = [metric.values.get(label, KNOWN.get(label, ())) for label in metric.labels]
    assert samples(Meter(known=KNOWN), name) == dict.fromkeys(product(*sets), 0)


def test_a_name_the_playbook_did_not_have_at_the_start_is_counted_too() -> None:
    meter = Meter(known=KNOWN)
    meter.add("touchline_alerts_raised_total", alert="flood")
    assert samples(meter, "touchline_alerts_raised_total") == {("fire",): 0, ("flood",): 1}


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("touchline_nonsense_total", {}),
        (EVENTS, {}),
        (EVENTS, {"channel": "click"}),
        (EVENTS, {"channel": "click", "outcome": "accepted", "more": "x"}),
        (EVENTS, {"channel": "click", "result": "accepted"}),
        (EVENTS, {"channel": "click", "outcome": "eaten"}),
        ("touchline_commits_total", {"shard": "1"}),
        ("touchline_shards_owned", {}),
        (LATENCY, {}),
    ],
)
def test_what_the_catalogue_does_not_know_is_an_error(name: str, labels: dict[str, str]) -> None:
    with pytest.raises(MetricError, match=name):
        Meter(known=KNOWN).add(name, **labels)


def test_a_counter_never_falls() -> None:
    with pytest.raises(ValueError, match="only grows"):
        Meter().add("touchline_commits_total", -1)


@given(st.lists(st.floats(0, 1000) | st.sampled_from(WAITS)))
def test_a_histogram_counts_as_prometheus_own_does(values: list[float]) -> None:
    oracle = Histogram("oracle", "The same.", buckets=WAITS, registry=CollectorRegistry())
    for value in values:
        oracle.observe(value)
    meter = Meter()
    meter.observe_many(LATENCY, values)
    (expected,) = oracle.collect()
    found = {s.name + str(s.labels): s.value for s in scrape(meter)[LATENCY].samples}
    assert found == {
        s.name.replace("oracle", LATENCY) + str(s.labels): pytest.approx(s.value)
        for s in expected.samples
        if not s.name.endswith("_created")
    }
    assert meter.value(LATENCY) == len(values)


def test_one_observation_is_one_of_many() -> None:
    one, many = Meter(), Meter()
    for seconds in (0.003, 0.2):
        one.observe("touchline_stage_seconds", seconds, stage="decide")
    many.observe_many("touchline_stage_seconds", [0.003, 0.2], stage="decide")
    name = "touchline_stage_seconds"
    assert scrape(one)[name].samples == scrape(many)[name].samples


@given(st.lists(st.floats(0, 1000) | st.sampled_from(WAITS), min_size=MANY, max_size=2 * MANY))
def test_many_observations_at_once_count_as_each_by_itself(values: list[float]) -> None:
    one, many = Meter(), Meter()
    for value in values:
        one.observe(LATENCY, value)
    many.observe_many(LATENCY, values)
    each, together = (scrape(meter)[LATENCY].samples for meter in (one, many))
    assert [(s.name, s.labels) for s in each] == [(s.name, s.labels) for s in together]
    assert [s.value for s in each] == pytest.approx([s.value for s in together])


@pytest.mark.parametrize("openmetrics", [False, True])
def test_a_scrape_has_every_metric_with_its_kind_and_meaning(openmetrics: bool) -> None:
    meter = Meter(known=KNOWN)
    if openmetrics:
        write: Any = exposition.generate_latest  # untyped, and so is its reader
        read: Any = parser.text_string_to_metric_families
    else:
        write, read = generate_latest, read_text
    families = list(read(write(meter.registry).decode()))
    ours = {f.name: f for f in families if f.name.startswith("touchline_")}
    assert set(ours) == {metric.name.removesuffix("_total") for metric in METRICS}
    for metric in METRICS:
        family = ours[metric.name.removesuffix("_total")]
        assert (family.type, family.documentation) == (metric.kind, metric.meaning)
        unit = metric.unit if metric.unit in BASE_UNITS else ""
        assert not openmetrics or family.unit == unit


def test_a_scrape_has_the_memory_and_processor_time_of_the_process() -> None:
    families = scrape(Meter())
    if Path("/proc/self/stat").exists():
        assert {"process_resident_memory_bytes", "process_cpu_seconds"} <= set(families)


def test_no_count_is_lost_between_threads_nor_while_scraped() -> None:
    meter = Meter(known=KNOWN)

    def count() -> None:
        for _ in range(2_000):
            meter.add("touchline_commits_total")
            meter.observe(LATENCY, 1.0)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        scrape(meter)
    assert meter.value("touchline_commits_total") == meter.value(LATENCY) == 8_000


def test_a_flows_meter_knows_its_channels_and_its_playbook() -> None:
    settings = Settings(playbook=str(PLAYBOOK), channels=("click", "fax"))
    meter = Meter.for_flow("touchpoints", settings, shards=[1, 3])
    assert {channel for channel, _ in samples(meter, EVENTS)} == {"click", "fax"}
    for name in ("offers_decided_total", "alerts_raised_total", "segment_transitions_total"):
        counts = samples(meter, f"touchline_{name}")
        assert counts
        assert set(counts.values()) == {0}
    assert list(samples(meter, "touchline_build_info").values()) == [1]
    assert samples(meter, "touchline_lag_events") == {
        (f"touchpoints.{name}", shard): 0
        for name in ("click", "fax", "forward", "broadcast", "decided")
        for shard in "13"
    }


def test_a_flow_shows_no_metric_of_the_other_one() -> None:
    settings = Settings(playbook=str(PLAYBOOK))
    touchpoints, warehouse = (
        {name.removesuffix("_total") for name in scrape(Meter.for_flow(flow, settings))}
        for flow in ("touchpoints", "warehouse")
    )
    ours = {name for name in touchpoints & warehouse if name.startswith("touchline_")}
    assert ours == {metric.name.removesuffix("_total") for metric in COMMON}
    assert "touchline_warehouse_up" in warehouse
    assert "touchline_redis_up" in touchpoints


def test_a_gauge_that_another_process_measures_now_is_shown_no_more() -> None:
    meter = Meter()
    for shard in "12":
        meter.set("touchline_lag_events", 7, topic="touchpoints.click", shard=shard)
    meter.forget("touchline_lag_events", topic="touchpoints.click", shard="1")
    assert samples(meter, "touchline_lag_events") == {("touchpoints.click", "2"): 7}


def test_a_broken_playbook_is_left_to_the_flow_that_needs_it(tmp_path: Path) -> None:
    meter = Meter.for_flow("touchpoints", Settings(playbook=str(tmp_path / "none.yaml")))
    assert samples(meter, "touchline_offers_decided_total") == {}
