"""What a flow shows is as Prometheus wants it, and bounded whatever is sent."""

import os
import shutil
import subprocess
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.openmetrics import exposition
from prometheus_client.parser import text_string_to_metric_families

from decisions.load import load_playbook
from flows.metrics.catalogue import METRICS_OF, Kind
from flows.metrics.meter import Meter
from flows.processor.build import build_id
from flows.settings import Settings

PLAYBOOK = Path(__file__).parents[2] / "playbooks" / "retail.yaml"
SETTINGS = Settings(playbook=str(PLAYBOOK))

each_flow = pytest.mark.parametrize("flow", ["touchpoints", "warehouse"])


def meter_of(flow: str) -> Meter:
    return Meter.for_flow(flow, SETTINGS, range(SETTINGS.partitions))


def used(flow: str) -> Meter:
    """A meter of which every metric has a number other than 0."""
    meter = meter_of(flow)
    known: dict[str, tuple[str, ...]] = {"version": ("v",), "build": ("b",)}
    for metric in METRICS_OF[flow]:
        sets = [metric.values.get(label, known.get(label, ("x",))) for label in metric.labels]
        for key in product(*sets):
            labels = dict(zip(metric.labels, key, strict=True))
            if metric.kind is Kind.HISTOGRAM:
                meter.observe(metric.name, 0.003, **labels)
            elif metric.kind is Kind.COUNTER:
                meter.add(metric.name, **labels)
            else:
                meter.set(metric.name, 1.5, **labels)
    return meter


@each_flow
@pytest.mark.parametrize("made", [meter_of, used])
def test_prometheus_own_check_finds_nothing(flow: str, made: Callable[[str], Meter]) -> None:
    program = shutil.which("promtool")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("promtool is missing in CI")
        pytest.skip("promtool is not on this machine; Debian has it in `prometheus`")
    done = subprocess.run(
        [program, "check", "metrics"],
        input=generate_latest(made(flow).registry).decode(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@each_flow
def test_openmetrics_can_write_it_as_well(flow: str) -> None:
    write: Callable[..., bytes] = exposition.generate_latest
    text = write(used(flow).registry).decode()
    assert text.endswith("# EOF\n")
    assert all(f"# HELP {m.name.removesuffix('_total')} " in text for m in METRICS_OF[flow])


LATER = {"touchline_playbook_info", "touchline_budget_accepted", "touchline_budget_units"}
"""Once the playbook is read; and at who owns shard 0."""


@each_flow
def test_every_series_but_of_versions_and_budgets_is_there_from_the_start_and_they_are_few(
    flow: str,
) -> None:
    playbook = load_playbook(PLAYBOOK)
    text = generate_latest(meter_of(flow).registry).decode()
    ours = [f for f in text_string_to_metric_families(text) if f.name.startswith("touchline_")]
    empty = {family.name for family in ours if not family.samples}
    assert empty == (LATER if flow == "touchpoints" else set())
    rules = [*playbook.offers, *playbook.segments, *playbook.alerts, *playbook.journeys]
    names = len(rules)
    channels, shards = len(SETTINGS.channels), SETTINGS.partitions
    bounded = 500 + names * (channels + 6) + 3 * shards * (channels + 1)
    assert sum(len(family.samples) for family in ours) < bounded


def test_an_offer_has_a_series_for_each_channel_it_can_be_decided_for_before_it_is() -> None:
    text = generate_latest(meter_of("touchpoints").registry).decode()
    shown = {
        (sample.labels["offer"], sample.labels["channel"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "touchline_offers_decided_total"
    }
    for offer in load_playbook(PLAYBOOK).offers.values():
        assert all(shown[offer.id, channel] == 0 for channel in offer.channels), offer.id


@each_flow
def test_the_build_is_the_one_that_a_replay_compares(flow: str) -> None:
    (info,) = (f for f in meter_of(flow).collect() if f.name == "touchline_build_info")
    (sample,) = info.samples
    assert sample.value == 1
    assert sample.labels["build"] == build_id()
    assert sample.labels["version"]
