"""What Grafana and Prometheus find when the stack has mounted our folders."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dashboards.places import BOARDS, DASHBOARDS, PROMETHEUS, PROVISIONING, ROOT
from dashboards.rule_file import read_provisioning
from tests.stack.compose import FLOWS

SERVICES: dict[str, dict[str, Any]] = YAML(typ="safe").load(ROOT / "docker-compose.yml")["services"]


def mounts(service: str) -> dict[Path, Path]:
    """Folder of ours → where it is in the container."""
    volumes = [volume.split(":") for volume in SERVICES[service]["volumes"]]
    return {(ROOT / v[0]).resolve(): Path(v[1]) for v in volumes if v[0].startswith("./")}


@pytest.mark.parametrize("service", ["prometheus", "grafana"])
def test_the_stack_mounts_folders_that_are_there_and_only_reads_them(service: str) -> None:
    assert mounts(service)
    assert all(folder.is_dir() for folder in mounts(service))
    ours = [volume for volume in SERVICES[service]["volumes"] if volume.startswith("./")]
    assert all(volume.endswith(":ro") for volume in ours)


def test_every_file_of_grafana_and_prometheus_is_mounted() -> None:
    mounted = [*mounts("prometheus"), *mounts("grafana")]
    for path in DASHBOARDS.rglob("*"):
        if path.suffix in (".yml", ".json"):
            assert any(path.is_relative_to(folder) for folder in mounted), path


def test_grafana_finds_its_data_source_its_boards_and_its_first_page() -> None:
    (source,), (provider,) = read_provisioning(PROVISIONING)
    assert (source.uid, source.type, source.url) == (
        "prometheus",
        "prometheus",
        "http://prometheus:9090",
    )
    assert mounts("grafana")[BOARDS] == Path(provider.options.path)
    home = Path(SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert home.parent == Path(provider.options.path)
    assert (BOARDS / home.name).is_file()


def test_grafana_knows_how_often_prometheus_scrapes() -> None:
    text = (PROVISIONING / "datasources/prometheus.yml").read_text()
    scraped = YAML(typ="safe").load(PROMETHEUS / "prometheus.yml")["global"]["scrape_interval"]
    assert f"timeInterval: {scraped} " in text


def test_prometheus_asks_every_flow_where_they_listen_and_names_them() -> None:
    (job,) = YAML(typ="safe").load(PROMETHEUS / "prometheus.yml")["scrape_configs"]
    asked = {static["labels"]["flow"]: static["targets"] for static in job["static_configs"]}
    expected = {
        flow: [f"{flow}:{SERVICES[flow]['environment']['TOUCHLINE_METRICS_PORT']}"]
        for flow in FLOWS
    }
    assert asked == expected
