"""What docker-compose.yml promises: a stack that fits the program it runs, and keeps to itself."""

import itertools
import re
import tomllib
from typing import Any

import click
import pytest

from flows.cli import main
from flows.settings import PARSERS, PREFIX, Settings, read_settings
from requirements.lock import ROOT
from tests.stack.compose import FLOWS, OURS, SERVICES, TEXT, mounted, of_profiles

CORE = {"kafka", "redis", "topics", *FLOWS}
MONITORING = {"prometheus", "grafana"}
PROFILES = ("core", "demo", "monitoring")
IMAGE_USERS = {
    "apache/kafka": "appuser",
    "prom/prometheus": "nobody",
    "grafana/grafana": "472",
    "touchline": "10001",
}
"""Image → the user its Dockerfile ends with; ours is held to it in test_image.py."""

each = pytest.mark.parametrize("name", SERVICES)
of_ours = pytest.mark.parametrize("name", OURS)


# Profiles


def test_each_profile_runs_what_it_says() -> None:
    assert of_profiles("core") == CORE
    assert of_profiles("demo") == CORE | {"simulator"}
    assert of_profiles("monitoring") == MONITORING
    assert of_profiles(*PROFILES) == SERVICES.keys()


@pytest.mark.parametrize(
    "active", [c for n in range(1, 4) for c in itertools.combinations(PROFILES, n)]
)
def test_whoever_is_waited_for_runs_in_every_choice_of_profiles(active: tuple[str, ...]) -> None:
    running = of_profiles(*active)
    for name in running:
        assert SERVICES[name].get("depends_on", {}).keys() <= running, name


# Order and health


@each
def test_a_service_is_waited_for_by_its_health_or_its_end(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        ends = SERVICES[other]["restart"] == "no"
        wanted = "service_completed_successfully" if ends else "service_healthy"
        assert how["condition"] == wanted
        assert ends or SERVICES[other]["healthcheck"]["test"]


@each
def test_a_service_tells_its_health_and_is_started_again(name: str) -> None:
    service = SERVICES[name]
    if name == "topics":
        assert service["restart"] == "no"
        return
    assert service["restart"] == "unless-stopped"
    # The simulator answers nobody: that it runs is all that there is to know.
    assert ("healthcheck" in service) == (name != "simulator")
    if "healthcheck" in service:
        assert service["healthcheck"].keys() == {
            *("test", "interval", "timeout", "start_period", "retries")
        }


# What a service may do


@each
def test_nothing_but_this_machine_reaches_a_port(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@each
def test_nobody_is_root_or_can_become_it(name: str) -> None:
    service = SERVICES[name]
    image = service["image"].partition(":")[0]
    assert service.get("user", IMAGE_USERS.get(image)) not in (None, "root", "0")
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]


@each
def test_what_is_installed_is_not_written_to(name: str) -> None:
    assert SERVICES[name].get("read_only", False) == (name != "kafka")


@each
def test_a_version_is_named_down_to_its_last_number(name: str) -> None:
    _, _, tag = SERVICES[name]["image"].partition(":")
    assert re.fullmatch(r"v?\d+\.\d+\.\d+(-\w+)*", tag), tag


@each
def test_logs_end(name: str) -> None:
    assert SERVICES[name]["logging"]["options"].keys() == {"max-size", "max-file"}


@each
def test_what_is_mounted_of_this_folder_is_there_and_only_read(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source, target, *mode = volume.split(":")
        if source.startswith("./"):
            assert mounted(SERVICES[name], target) == source
            assert (ROOT / source).exists(), source
            assert mode == ["ro"], source


# Ours


def test_the_image_has_the_version_of_what_is_in_it() -> None:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {SERVICES[name]["image"] for name in OURS} == {f"touchline:{project['version']}"}
    assert f"touchline:{project['version']} run" in (ROOT / "Dockerfile").read_text()


@of_ours
def test_a_service_of_ours_starts_with_settings_that_are_read(name: str) -> None:
    settings = read_settings({k: str(v) for k, v in SERVICES[name]["environment"].items()})
    assert settings.kafka == {}  # nothing was taken for one of librdkafka's options
    assert settings.kafka_bootstrap_servers == "kafka:19092"
    default = Settings()
    assert (settings.channels, settings.partitions) == (default.channels, default.partitions)


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_is_told_where_everything_is(flow: str) -> None:
    told = {"KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL", "WAREHOUSE_URL", "PLAYBOOK", "PARTITIONS"}
    assert {PREFIX + name for name in told} <= SERVICES[flow]["environment"].keys()
    assert SERVICES[flow]["command"] == ["run", flow]
    assert SERVICES[flow]["stop_grace_period"]


def test_the_warehouse_is_written_into_its_volume() -> None:
    folder = SERVICES["warehouse"]["environment"]["TOUCHLINE_WAREHOUSE_URL"]
    assert SERVICES["warehouse"]["volumes"] == [f"warehouse:{folder}"]


def test_the_playbook_is_mounted_where_the_flow_reads_it() -> None:
    flow = SERVICES["touchpoints"]
    assert mounted(flow, flow["environment"]["TOUCHLINE_PLAYBOOK"]) == "./playbooks/retail.yaml"


def test_every_variable_of_ours_in_the_file_is_a_setting() -> None:
    named = set(re.findall(rf"\b{PREFIX}(\w+)", TEXT))
    assert named
    assert {name.lower() for name in named} <= PARSERS.keys()


@of_ours
def test_a_service_of_ours_runs_a_command_that_there_is_with_options_it_takes(name: str) -> None:
    words = SERVICES[name]["command"]
    command: click.Command = main
    context = click.Context(command)
    while isinstance(command, click.Group):
        word, *words = words
        found = command.get_command(context, word)
        assert found is not None, word
        command = found
    command.make_context(name, list(words))


def test_what_the_readme_has_done_in_a_container_names_a_service_and_a_command() -> None:
    readme = (ROOT / "README.md").read_text()
    done = re.findall(
        r"^docker compose (?:exec|run --rm) (\S+) touchline (\S+)", readme, re.MULTILINE
    )
    assert done
    for service, word in done:
        assert service in OURS
        assert main.get_command(click.Context(main), word) is not None
    for profiles in re.findall(r"COMPOSE_PROFILES=([\w,]+)", readme):
        assert set(profiles.split(",")) <= set(PROFILES)
    (service, folder), *_ = re.findall(r"^docker compose cp (\w+):(\S+) ", readme, re.MULTILINE)
    assert folder == SERVICES[service]["environment"]["TOUCHLINE_WAREHOUSE_URL"]
