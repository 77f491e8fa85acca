"""Prometheus with the stack's command and files; Grafana's command, up to Grafana itself."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from ruamel.yaml import YAML

from flows.local.ports import loopback_port
from flows.local.process import Process
from requirements.lock import ROOT
from tests.stack.compose import FLOWS, SERVICES, services
from tests.stack.natively import answer, program, until

PROMETHEUS = SERVICES["prometheus"]
GRAFANA = SERVICES["grafana"]


class Prometheus(NamedTuple):
    """A running one and its address."""

    process: Process
    url: str

    def get(self, what: str) -> Any:
        """What its API says."""
        return answer(f"{self.url}/api/v1/{what}")["data"]


@pytest.fixture(scope="module")
def etc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The container's /etc/prometheus: what is mounted there, and nothing else."""
    folder = tmp_path_factory.mktemp("prometheus")
    for source, target, _ in (v.split(":") for v in PROMETHEUS["volumes"] if v.startswith("./")):
        place = folder / target.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, dirs_exist_ok=True)
        else:
            shutil.copyfile(ROOT / source, place)
    return folder


@pytest.fixture(scope="module")
def prometheus(etc: Path) -> Iterator[Prometheus]:
    """A Prometheus that runs the stack's command, and is ready."""
    port = loopback_port(0, "")
    places = {"/etc/prometheus": str(etc / "etc/prometheus"), "/prometheus": str(etc / "data")}
    options = []
    for option in PROMETHEUS["command"]:
        name, _, value = option.partition("=")
        place = next((p for p in places if value == p or value.startswith(f"{p}/")), "")
        options.append(f"{name}={places[place] + value.removeprefix(place) if place else value}")
    options.append(f"--web.listen-address=127.0.0.1:{port}")
    binary = program("prometheus", "prometheus")
    process = Process(
        "prometheus", [binary, *options], etc / "log", env={"PATH": os.environ["PATH"]}, cwd=etc
    )
    url = f"http://127.0.0.1:{port}"
    ready = urlsplit(PROMETHEUS["healthcheck"]["test"][-1])
    assert ready.port == 9090
    until(lambda: answer(url + ready.path) is not None, process)
    yield Prometheus(process, url)
    assert process.stop(30) == 0, process.last_lines(20)


def test_prometheus_takes_its_file_from_where_it_is_mounted(etc: Path) -> None:
    (option,) = [o for o in PROMETHEUS["command"] if o.startswith("--config.file=")]
    config = etc / option.partition("=")[2].lstrip("/")
    check = [program("promtool", "prometheus"), "check", "config", str(config)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_comes_up_and_asks_both_flows(prometheus: Prometheus) -> None:
    port = SERVICES["touchpoints"]["environment"]["TOUCHLINE_METRICS_PORT"]

    def asked() -> bool:
        targets = prometheus.get("targets")["activeTargets"]
        asked = {urlsplit(target["scrapeUrl"]).netloc for target in targets}
        return {f"{flow}:{port}" for flow in FLOWS} <= asked

    until(asked, prometheus.process)  # ready is said before the targets are known


def test_prometheus_has_loaded_every_rule_that_is_mounted(
    prometheus: Prometheus, etc: Path
) -> None:
    loaded = prometheus.get("rules")["groups"]
    read: list[Any] = [YAML(typ="safe").load(path) for path in etc.rglob("*.yml")]
    written = [group["name"] for file in read for group in file.get("groups", [])]
    assert sorted(group["name"] for group in loaded) == sorted(written)


def test_prometheus_keeps_what_it_measured_for_as_long_as_it_is_told(
    prometheus: Prometheus,
) -> None:
    flags = prometheus.get("status/flags")
    assert flags["storage.tsdb.retention.time"] == "15d"


def told_to_grafana(**environ: str) -> dict[str, str]:
    """The environment that Grafana's own start script is handed."""
    grafana = services(environ)["grafana"]
    shell, option, script = grafana["entrypoint"]
    assert (shell, option) == ("/bin/sh", "-c")
    assert script.endswith("exec /run.sh\n")
    done = subprocess.run(
        [shell, option, script.replace("exec /run.sh", "exec env")],
        env={"PATH": os.environ["PATH"], **grafana["environment"]},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def test_without_a_password_there_is_no_administrator_and_no_way_to_log_in() -> None:
    told = told_to_grafana()
    assert told["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert told["GF_AUTH_DISABLE_LOGIN_FORM"] == "true"
    assert told["GF_AUTH_BASIC_ENABLED"] == "false"
    assert told["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"


def test_with_a_password_the_administrator_has_it_and_may_log_in() -> None:
    told = told_to_grafana(GRAFANA_ADMIN_PASSWORD="it's $ecret")
    assert told["GF_SECURITY_ADMIN_PASSWORD"] == "it's $ecret"
    assert told.keys().isdisjoint(
        {
            "GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION",
            "GF_AUTH_DISABLE_LOGIN_FORM",
            "GF_AUTH_BASIC_ENABLED",
        }
    )
    assert GRAFANA["environment"]["GF_SECURITY_ADMIN_PASSWORD"] == ""
