"""What docker-compose.yml and the Dockerfile promise: a stack that fits the program it runs."""

import re
import tomllib
from typing import Any
from urllib.parse import urlsplit

import click
import pytest
from ruamel.yaml import YAML

from flows.cli import main
from flows.settings import PARSERS, PREFIX, Settings, read_settings
from requirements.lock import ROOT

PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text()
SERVICES: dict[str, dict[str, Any]] = YAML(typ="safe").load(COMPOSE_TEXT)["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "touchline"]


def test_the_stack_names_every_part() -> None:
    parts = {"kafka", "redis", "topics", "touchpoints", "warehouse", "prometheus", "grafana"}
    assert parts == SERVICES.keys()
    assert SERVICES["kafka"]["image"].startswith("apache/kafka:4.")
    for flow in ("touchpoints", "warehouse"):
        assert SERVICES[flow]["command"] == ["run", flow]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_of_the_stack_tells_its_health_and_listens_on_this_machine_only(
    name: str,
) -> None:
    service = SERVICES[name]
    ends_by_itself = name == "topics"
    assert ends_by_itself or service["healthcheck"]["test"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


@pytest.mark.parametrize("flow", ["touchpoints", "warehouse"])
def test_a_flow_of_the_stack_is_told_what_the_settings_know(flow: str) -> None:
    environment = SERVICES[flow]["environment"]
    for variable, text in environment.items():
        parse, _expected = PARSERS[variable.removeprefix(PREFIX).lower()]
        parse(str(text))
    told = {"KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL", "WAREHOUSE_URL", "PLAYBOOK"}
    assert {PREFIX + name for name in told} <= environment.keys()


def test_redis_in_the_stack_keeps_everything() -> None:
    command = " ".join(SERVICES["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_the_image_installs_by_hash_and_does_not_run_as_root() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
    installs = re.findall(r"pip install .*", dockerfile)
    assert installs
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
    last_stage = dockerfile.rpartition("\nFROM ")[2]
    assert re.search(r"^USER touchline$", last_stage, re.MULTILINE)
    assert 'ENTRYPOINT ["touchline"]' in last_stage


def test_the_image_is_given_every_file_it_copies() -> None:
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    for package in PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        assert f"!{package}/" in allowed
    for name in ("pyproject.toml", "README.md", "LICENSE", "playbooks/", "requirements/run.lock"):
        assert f"!{name}" in allowed


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_starts_with_settings_that_are_read(name: str) -> None:
    settings = read_settings(SERVICES[name]["environment"])
    assert settings.kafka == {}  # nothing was taken for one of librdkafka's options


def test_every_variable_of_ours_in_the_file_is_a_setting() -> None:
    named = set(re.findall(rf"{PREFIX}(\w+)", COMPOSE_TEXT))
    assert named
    assert {name.lower() for name in named} <= PARSERS.keys()


@pytest.mark.parametrize("name", OURS)
def test_topics_are_made_as_the_flows_and_the_defaults_expect_them(name: str) -> None:
    settings, default = read_settings(SERVICES[name]["environment"]), Settings()
    assert (settings.channels, settings.partitions) == (default.channels, default.partitions)
    assert settings.kafka_bootstrap_servers == "kafka:19092"
    assert "INSIDE://kafka:19092" in SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert SERVICES["kafka"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_runs_a_command_that_there_is(name: str) -> None:
    command: click.Command | None = main
    assert command is not None
    context = click.Context(command)
    for word in SERVICES[name]["command"]:
        assert isinstance(command, click.Group)
        command = command.get_command(context, word)
        assert command is not None, word
    assert not isinstance(command, click.Group)


@pytest.mark.parametrize("flow", ["touchpoints", "warehouse"])
def test_the_health_of_a_flow_is_whether_it_is_ready(flow: str) -> None:
    program, option, code = SERVICES[flow]["healthcheck"]["test"][1:]
    assert (program, option) == ("python", "-c")
    compile(code, "healthcheck", "exec")
    (url,) = re.findall(r'"(http:[^"]+)"', code)
    assert urlsplit(url).path == "/readyz"
    assert str(urlsplit(url).port) == SERVICES[flow]["environment"]["TOUCHLINE_METRICS_PORT"]
    assert SERVICES[flow]["stop_grace_period"]
