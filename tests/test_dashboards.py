"""Prometheus' and Grafana's files: they parse, fit together, and ask only for what is measured."""

import itertools
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from flows.metrics.catalogue import METRICS, Kind

ROOT = Path(__file__).resolve().parents[1]
DASHBOARDS = ROOT / "dashboards"
GRAFANA = DASHBOARDS / "grafana"
SERVICES: dict[str, dict[str, Any]] = YAML(typ="safe").load(ROOT / "docker-compose.yml")["services"]
BOARD: dict[str, Any] = json.loads((GRAFANA / "touchline.json").read_text())
PANELS: list[dict[str, Any]] = BOARD["panels"]

SCRAPED = {"job", "instance"}
"""Labels that Prometheus adds to everything it asks."""


def series() -> dict[str, set[str]]:
    """Every series there is → its labels, a histogram's three among them."""
    found: dict[str, set[str]] = {}
    for metric in METRICS:
        labels = {*metric.labels, *SCRAPED}
        if metric.kind is Kind.HISTOGRAM:
            found |= {f"{metric.name}_{part}": labels for part in ("sum", "count")}
            found[f"{metric.name}_bucket"] = {*labels, "le"}
        else:
            found[metric.name] = labels
    return found


def loaded(path: Path) -> Any:
    return YAML(typ="safe").load(path)


def expressions() -> list[tuple[str, str, str]]:
    """(panel, expression, legend) of every query."""
    return [(p["title"], t["expr"], t["legendFormat"]) for p in PANELS for t in p["targets"]]


each = pytest.mark.parametrize(("panel", "expression", "legend"), expressions())


@each
def test_a_panel_asks_only_for_metrics_of_the_catalogue_and_their_labels(
    panel: str, expression: str, legend: str
) -> None:
    names = re.findall(r"\btouchline_\w+", expression)
    assert len(names) == 1, "one metric a query, so that its labels can be checked"
    grouped = {
        label.strip()
        for labels in re.findall(r"\b(?:by|without)\s*\(([^)]*)\)", expression)
        for label in labels.split(",")
    }
    selected = {
        label
        for selector in re.findall(r"\{([^}]*)\}", expression)
        for label in re.findall(r"(\w+)\s*[!=]", selector)
    }
    assert names[0] in series()
    assert grouped | selected <= series()[names[0]]
    assert set(re.findall(r"\{\{(\w+)\}\}", legend)) == grouped - {"le"}


@each
def test_a_counter_is_shown_as_a_rate_and_a_gauge_is_not(
    panel: str, expression: str, legend: str
) -> None:
    grows = re.search(r"_(total|bucket|sum|count)\b", expression) is not None
    assert grows == ("rate(" in expression or "increase(" in expression)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_says_what_it_shows_and_in_which_unit(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert re.fullmatch(r"[A-Z].+\.", panel["description"])
    assert panel["fieldConfig"]["defaults"]["unit"]
    sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
    assert all(source == {"type": "prometheus", "uid": "prometheus"} for source in sources)


def test_panels_lie_beside_each_other_and_each_has_an_id() -> None:
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    places = [panel["gridPos"] for panel in PANELS]
    for a, b in itertools.combinations(places, 2):
        across = a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"]
        along = a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]
        assert not (across and along), (a, b)
    assert all(place["x"] + place["w"] <= 24 for place in places)


@pytest.mark.parametrize("service", ["prometheus", "grafana"])
def test_every_file_that_the_stack_mounts_is_there_and_only_read(service: str) -> None:
    mounts = [volume.split(":") for volume in SERVICES[service]["volumes"]]
    ours = [mount for mount in mounts if mount[0].startswith("./")]
    assert ours
    for source, _, mode in ours:
        assert (ROOT / source).exists(), source
        assert mode == "ro", source


def test_every_file_of_the_dashboards_is_mounted() -> None:
    mounted = [
        (ROOT / volume.split(":")[0]).resolve()
        for service in ("prometheus", "grafana")
        for volume in SERVICES[service]["volumes"]
        if volume.startswith("./")
    ]
    for path in DASHBOARDS.rglob("*"):
        if path.suffix in (".yml", ".json"):
            assert any(path.is_relative_to(mount) for mount in mounted), path


def test_grafana_finds_its_data_source_and_its_dashboard() -> None:
    (source,) = loaded(GRAFANA / "provisioning/datasources/prometheus.yml")["datasources"]
    assert source["uid"] == "prometheus"
    assert source["url"] == "http://prometheus:9090"
    (provider,) = loaded(GRAFANA / "provisioning/dashboards/touchline.yml")["providers"]
    targets = [Path(volume.split(":")[1]) for volume in SERVICES["grafana"]["volumes"]]
    assert Path(provider["options"]["path"]) / "touchline.json" in targets


def test_prometheus_asks_both_flows_where_they_listen() -> None:
    (job,) = loaded(DASHBOARDS / "prometheus.yml")["scrape_configs"]
    (static,) = job["static_configs"]
    expected = [
        f"{flow}:{SERVICES[flow]['environment']['TOUCHLINE_METRICS_PORT']}"
        for flow in ("touchpoints", "warehouse")
    ]
    assert static["targets"] == expected
    assert all(
        SERVICES[flow]["environment"]["TOUCHLINE_METRICS_HOST"] == "0.0.0.0"
        for flow in ("touchpoints", "warehouse")
    )


def promtool(*arguments: str) -> None:
    """Run Prometheus' own check."""
    program = shutil.which("promtool")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("promtool is missing in CI")
        pytest.skip("promtool is not on this machine; Debian has it in `prometheus`")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_accepts_its_configuration() -> None:
    promtool("check", "config", str(DASHBOARDS / "prometheus.yml"))


def test_prometheus_can_read_every_expression(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "1m")}
        for number, (_, expression, _) in enumerate(expressions())
    ]
    file = tmp_path / "rules.json"  # YAML holds all JSON
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    promtool("check", "rules", str(file))
