"""`touchline run touchpoints --workers N`: several processes that are one to who starts them."""

import os
import signal
import subprocess
from typing import Any

import orjson
import pytest

from connectors.kafka.topics import create_topics
from flows.commands.workers import _workers
from flows.settings import Settings, SettingsError
from tests.flows.test_local_services import gone, until
from tests.flows.test_run_command import start, until_said


def said(child: "subprocess.Popen[str]") -> str:
    return child.communicate(timeout=60)[1]


def told(child: "subprocess.Popen[str]", lines: int) -> list[dict[str, Any]]:
    """The next lines of its stdout."""
    assert child.stdout is not None
    return [orjson.loads(child.stdout.readline()) for _ in range(lines)]


def parts(settings: Settings, count: int) -> list[str]:
    """What each worker is told besides what all are."""
    return [" ".join(worker.command[6:]) for worker in _workers(settings, count, [])]


def ports(settings: Settings, count: int) -> list[str]:
    return [w.env["TOUCHLINE_METRICS_PORT"] for w in _workers(settings, count, [])]


def test_workers_have_their_parts_from_the_command_line_or_from_the_group() -> None:
    assert parts(Settings(), 3) == ["--worker=1/3", "--worker=2/3", "--worker=3/3"]
    assert parts(Settings(assignment="group"), 3) == ["", "", ""]


def test_workers_answer_on_ports_that_follow_each_other_or_on_any() -> None:
    assert ports(Settings(metrics_port=9100), 3) == ["9100", "9101", "9102"]
    assert ports(Settings(), 2) == ["0", "0"]
    assert ports(Settings(metrics_port=65_534), 2) == ["65534", "65535"]
    with pytest.raises(SettingsError, match="expected a port with 2 more above it"):
        ports(Settings(metrics_port=65_534), 3)


def test_more_workers_than_shards_are_refused_unless_they_may_wait_for_one() -> None:
    with pytest.raises(SettingsError, match=r"^--workers 5: expected at most 4 processes"):
        _workers(Settings(partitions=4), 5, [])
    assert len(_workers(Settings(partitions=4, assignment="group"), 5, [])) == 5


def test_of_more_workers_than_shards_those_that_wait_are_told_at_start() -> None:
    env = {
        "TOUCHLINE_ASSIGNMENT": "group",
        "TOUCHLINE_PARTITIONS": "1",
        "TOUCHLINE_PLAYBOOK": "none.yaml",
    }
    first = said(start("touchpoints", "--workers", "3", env=env)).splitlines()[0]
    expected = "expected at most as many as there are shards, 1 (TOUCHLINE_PARTITIONS)"
    assert first.startswith(f"Warning: --workers 3: {expected}")


def test_a_part_of_the_shards_and_a_number_of_workers_are_not_taken_together() -> None:
    child = start("touchpoints", "--worker", "1/2", "--workers", "2", env={})
    assert "--workers starts several: name one of them" in said(child)
    assert child.returncode == 2


def test_a_part_of_the_shards_is_not_taken_where_kafka_assigns_them() -> None:
    env = {"TOUCHLINE_ASSIGNMENT": "group"}
    child = start("touchpoints", "--worker", "1/2", env=env)
    (line,) = said(child).splitlines()
    assert line.startswith("Error: --worker 1/2: expected no such option with")
    assert line.endswith("or set TOUCHLINE_ASSIGNMENT=static in every process")
    assert child.returncode == 1


def test_a_setting_that_no_worker_can_use_ends_all_with_what_one_of_them_said() -> None:
    child = start("touchpoints", "--workers", "2", env={"TOUCHLINE_PLAYBOOK": "none.yaml"})
    *before, last = said(child).splitlines()
    # Of the other one it may stand above.
    assert sum("none.yaml" in line for line in before) <= 1
    assert last.startswith("Error: worker ")
    assert "ended by itself (exit code 1): none.yaml:1:1: the file; expected a" in last
    assert child.returncode == 1


def test_a_worker_that_was_killed_is_started_again_and_all_end_when_one_is_told_to(
    fresh_kafka: str, fresh_redis: str
) -> None:
    create_topics({"bootstrap.servers": fresh_kafka}, ("click",), 4)
    env = {
        "TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS": fresh_kafka,
        "TOUCHLINE_REDIS_URL": fresh_redis,
        "TOUCHLINE_CHANNELS": "click",
        "TOUCHLINE_PARTITIONS": "4",
    }
    child = start("touchpoints", "--workers", "2", "--json", env=env)
    one, other, both = told(child, 3)
    assert {one["worker"], other["worker"]} == {"1/2", "2/2"}
    assert both == {
        "flow": "touchpoints",
        "workers": 2,
        "metrics_urls": [w["metrics_url"] for w in sorted((one, other), key=lambda w: w["worker"])],
    }
    pids = children(child.pid)
    assert len(pids) == 2
    os.kill(pids[0], signal.SIGKILL)
    until_said(child, "was killed by signal 9 (SIGKILL); it is started again in 0.5 s")
    (again,) = told(child, 1)
    assert again["worker"] in ("1/2", "2/2")
    pids = children(child.pid)
    child.send_signal(signal.SIGTERM)
    rest = said(child)
    assert child.returncode == 0, rest
    assert sorted(line[:5] for line in rest.splitlines() if "drained" in line) == ["[1/2]", "[2/2]"]
    assert until(lambda: all(map(gone, pids)))


def children(pid: int) -> list[int]:
    """Ids of the processes that `pid` has started and that run."""
    listed = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=True)
    return [int(line) for line in listed.stdout.split()]
