"""What is shown is what the metrics say."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flows.local.numbers import NAMES, Sample, between, quantile_s, read_sample
from flows.metrics.catalogue import METRICS

INF = float("inf")


def test_a_sample_adds_up_what_all_flows_say() -> None:
    touchpoints = """\
# TYPE touchline_events counter
touchline_events_total{channel="click",outcome="accepted"} 7
touchline_events_total{channel="click",outcome="duplicate"} 2
touchline_events_total{channel="chat",outcome="accepted"} 1
# TYPE touchline_event_to_offer_seconds histogram
touchline_event_to_offer_seconds_bucket{le="0.01"} 4
touchline_event_to_offer_seconds_bucket{le="+Inf"} 5
touchline_event_to_offer_seconds_count 5
touchline_event_to_offer_seconds_sum 0.3
# TYPE touchline_offers_decided counter
touchline_offers_decided_total{offer="a"} 3
touchline_offers_decided_total{offer="b"} 4
# TYPE touchline_offers_decided_created gauge
touchline_offers_decided_created{offer="b"} 1.7e9
touchline_alerts_raised_total{alert="x"} 1
touchline_dead_letters_total{reason="not_json"} 2
touchline_lag_events{topic="touchpoints.click",shard="0"} 5
touchline_lag_events{topic="touchpoints.chat",shard="1"} 6
touchline_shards_owned 12
touchline_shards_waiting 3
"""
    warehouse = """\
touchline_warehouse_rows_total{table="touchpoints"} 8
touchline_warehouse_rows_total{table="actions"} 1
"""
    sample = read_sample({"touchpoints": touchpoints, "warehouse": warehouse}, at_s=1.5)
    assert sample == Sample(
        at_s=1.5,
        events={"click": 9, "chat": 1},
        accepted=8,
        latency={0.01: 4, INF: 5},
        offers=7,
        alerts=1,
        dead_letters=2,
        lag=11,
        rows=9,
        owned=12,
        waiting=3,
    )


def test_rates_and_percentiles_are_of_the_time_between_and_counts_of_the_whole() -> None:
    first = Sample(10, events={"click": 100}, latency={0.01: 100, 0.1: 100, INF: 100}, offers=5)
    last = Sample(
        12, events={"click": 300, "chat": 50}, latency={0.01: 100, 0.1: 300, INF: 300}, offers=6
    )
    numbers = between(first, last, seconds=12)
    assert numbers.events == 350
    assert numbers.channels_per_s == {"click": 100, "chat": 25}
    assert numbers.events_per_s == 125
    assert numbers.offers == 6
    assert numbers.latency_p50_ms == pytest.approx(55)


def test_no_observation_is_no_percentile() -> None:
    assert quantile_s({}, 0.5) is None
    assert quantile_s({0.1: 0, INF: 0}, 0.5) is None


def test_a_percentile_beyond_the_last_bound_is_that_bound() -> None:
    assert quantile_s({0.1: 1, INF: 100}, 0.99) == 0.1


@example([0, 0, 47, 0], 1.0)
@given(st.lists(st.integers(0, 50), min_size=4, max_size=4), st.floats(0.01, 1))
def test_a_percentile_lies_in_the_bucket_that_holds_it(counts: list[int], share: float) -> None:
    bounds = [0.01, 0.1, 1.0, INF]
    buckets = {bound: float(sum(counts[: n + 1])) for n, bound in enumerate(bounds)}
    value = quantile_s(buckets, share)
    if not sum(counts):
        assert value is None
        return
    assert value is not None
    rank = share * sum(counts)
    held = next(n for n, bound in enumerate(bounds) if buckets[bound] >= rank)
    low = bounds[held - 1] if held else 0.0
    assert low <= value <= min(bounds[held], 1.0)


def test_shards_are_unknown_until_the_flow_tells_them() -> None:
    numbers = between(Sample(0), Sample(1), seconds=1)
    assert numbers.shards_owned is None
    told = between(Sample(0), Sample(1, owned=0, waiting=16), seconds=1)
    assert (told.shards_owned, told.shards_waiting) == (0, 16)


def test_every_metric_read_is_in_the_catalogue() -> None:
    assert set(NAMES) <= {metric.name for metric in METRICS}
