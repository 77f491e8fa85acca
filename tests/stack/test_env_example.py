"""What .env.example promises: every knob of docker-compose.yml, with the value it has anyway."""

import re

import pytest

from flows.settings import read_settings
from requirements.lock import ROOT
from tests.stack.compose import (
    ENV_EXAMPLE,
    OURS,
    SERVICES,
    TEXT,
    VARIABLE,
    env_example,
    of_profiles,
    services,
    variables,
)

COMPOSE_S_OWN = {"COMPOSE_PROFILES"}
"""Read by Compose itself, and named in no service."""


def test_every_variable_is_in_the_example_with_its_default_and_no_other_is() -> None:
    ours = {name: {value} for name, value in env_example().items() if name not in COMPOSE_S_OWN}
    assert variables() == ours


def test_every_variable_has_a_default_so_that_no_env_file_is_needed() -> None:
    assert "$" not in VARIABLE.sub("", TEXT)


def test_the_example_as_it_is_changes_nothing() -> None:
    assert services(env_example()) == SERVICES


def test_a_name_stands_in_the_example_once() -> None:
    names = re.findall(r"^(\w+)=", ENV_EXAMPLE, re.MULTILINE)
    assert len(names) == len(set(names))


def test_the_example_runs_profiles_that_there_are_and_shows_something() -> None:
    chosen = env_example()["COMPOSE_PROFILES"].split(",")
    known = {profile for service in SERVICES.values() for profile in service["profiles"]}
    assert set(chosen) <= known
    assert {"touchpoints", "simulator", "grafana"} <= of_profiles(*chosen)


def test_the_example_holds_no_password() -> None:
    assert env_example()["GRAFANA_ADMIN_PASSWORD"] == ""


def test_what_is_told_to_the_stack_stays_on_this_machine() -> None:
    assert "/.env" in (ROOT / ".gitignore").read_text().splitlines()
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


@pytest.mark.parametrize("name", OURS)
def test_the_number_of_partitions_is_told_to_all_who_must_know_it(name: str) -> None:
    told = read_settings(services({"PARTITIONS": "5"})[name]["environment"]).partitions
    assert told == (5 if name != "simulator" else 16)  # who only writes asks Kafka


def test_another_port_of_kafka_is_the_one_it_tells_its_clients() -> None:
    kafka = services({"KAFKA_PORT": "29092"})["kafka"]
    assert kafka["ports"] == ["127.0.0.1:29092:9092"]
    assert "OUTSIDE://127.0.0.1:29092" in kafka["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert "kafka:19092" in kafka["healthcheck"]["test"]


def test_another_playbook_is_the_one_that_is_mounted() -> None:
    flow = services({"PLAYBOOKS": "/srv/rules", "PLAYBOOK": "ours.yaml"})["touchpoints"]
    assert "/srv/rules:/app/playbooks:ro" in flow["volumes"]
    assert flow["environment"]["TOUCHLINE_PLAYBOOK"] == "/app/playbooks/ours.yaml"
