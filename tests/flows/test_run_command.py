"""`touchline run`: what a flow says and how it ends when it cannot work."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import orjson
import pytest

from connectors.kafka.topics import create_topics

ROOT = Path(__file__).resolve().parents[2]
NOBODY = "127.0.0.1:1"


def start(*arguments: str, env: Mapping[str, str]) -> "subprocess.Popen[str]":
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TOUCHLINE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "run", *arguments],
        cwd=ROOT,
        env={**kept, "PYTHONPATH": str(ROOT), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until_said(child: "subprocess.Popen[str]", words: str) -> str:
    """What the child says on stderr until `words` come; the test's own time limit ends the wait."""
    assert child.stderr is not None
    said = ""
    while words not in said:
        line = child.stderr.readline()
        assert line, f"it ended without saying {words!r}:\n{said}"
        said += line
    return said


def test_an_absent_kafka_is_named_and_waited_for_until_told_to_stop() -> None:
    child = start("touchpoints", env={"TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS": NOBODY})
    until_said(child, f"Kafka at {NOBODY} does not answer")
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=30)
    assert child.returncode == 0


def test_fail_fast_ends_at_an_absent_kafka() -> None:
    env = {"TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS": NOBODY}
    child = start("touchpoints", "--fail-fast", env=env)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 1
    assert f"Error: Kafka at {NOBODY} does not answer" in said
    assert "Traceback" not in said


def test_fail_fast_ends_at_an_absent_redis_without_showing_its_password(
    fresh_topics: str,
) -> None:
    env = {
        "TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS": fresh_topics,
        "TOUCHLINE_REDIS_URL": f"redis://user:secret@{NOBODY}/0",
    }
    child = start("touchpoints", "--fail-fast", env=env)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 1
    assert f"Redis at redis://{NOBODY}/0 does not answer" in said
    assert "secret" not in said


def test_missing_topics_are_named_with_what_to_do(fresh_kafka: str, fresh_redis: str) -> None:
    env = {
        "TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS": fresh_kafka,
        "TOUCHLINE_REDIS_URL": fresh_redis,
    }
    child = start("touchpoints", env=env)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 4
    assert "topics touchpoints.click, " in said
    assert said.endswith(" do not exist: `touchline topics create` makes them\n")


def test_a_broken_playbook_is_refused_with_its_place(tmp_path: Path) -> None:
    playbook = tmp_path / "mine.yaml"
    text = (ROOT / "playbooks/retail.yaml").read_text()
    playbook.write_text(text.replace("profile.orders.count == 0", "profile.order.count == 0", 1))
    child = start("touchpoints", env={"TOUCHLINE_PLAYBOOK": str(playbook)})
    _, said = child.communicate(timeout=60)
    assert child.returncode == 1
    assert f"{playbook}:" in said
    assert 'did you mean "orders"?' in said
    assert "Traceback" not in said


def test_a_wrong_setting_is_one_line() -> None:
    child = start("touchpoints", env={"TOUCHLINE_PARTITIONS": "x"})
    _, said = child.communicate(timeout=60)
    assert child.returncode == 1
    assert said.splitlines() == [
        "Error: TOUCHLINE_PARTITIONS: expected a whole number from 1 to 1024, got 'x'"
    ]


@pytest.mark.parametrize("flow", ["touchpoints", "warehouse"])
def test_a_misspelt_kafka_option_is_refused_and_not_waited_for(flow: str) -> None:
    child = start(flow, env={"TOUCHLINE_KAFKA_SECURITY_PROTOCAL": "SSL"})
    _, said = child.communicate(timeout=60)
    assert child.returncode == 1
    assert 'No such configuration property: "security.protocal"' in said


@pytest.mark.parametrize("url", ["redis://me:secret@h?no=1", "redis://me:secret@h:99999/0"])
def test_an_address_that_the_redis_client_does_not_take_is_one_line_without_the_password(
    url: str,
) -> None:
    child = start("touchpoints", env={"TOUCHLINE_REDIS_URL": url})
    _, said = child.communicate(timeout=60)
    assert child.returncode == 1
    assert len(said.splitlines()) == 1
    assert said.startswith("Error: TOUCHLINE_REDIS_URL: expected redis://")
    assert "secret" not in said


def test_a_wrong_redis_password_is_refused_and_not_waited_for(
    fresh_topics: str, fresh_redis: str
) -> None:
    env = {
        "TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS": fresh_topics,
        "TOUCHLINE_REDIS_URL": fresh_redis.replace("redis://", "redis://nobody:secret@"),
    }
    child = start("touchpoints", env=env)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 1
    assert (
        f"Error: Redis at {fresh_redis} (TOUCHLINE_REDIS_URL): it refuses the user or password"
        in said
    )
    assert "secret" not in said


def test_topics_cut_otherwise_are_told_once_with_the_setting_that_fits(
    fresh_topics: str, fresh_redis: str
) -> None:
    env = {
        "TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS": fresh_topics,
        "TOUCHLINE_REDIS_URL": fresh_redis,
        "TOUCHLINE_PARTITIONS": "8",
    }
    child = start("touchpoints", env=env)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 4
    assert said.count("16 partitions") == 1
    assert said.endswith("expected 8 (TOUCHLINE_PARTITIONS): set TOUCHLINE_PARTITIONS=16\n")


def test_a_playbook_that_is_not_there_is_told_with_the_setting_that_names_one() -> None:
    child = start("touchpoints", env={"TOUCHLINE_PLAYBOOK": "none.yaml"})
    _, said = child.communicate(timeout=60)
    assert child.returncode == 1
    assert said.startswith("Error: none.yaml:1:1: the file; expected a playbook that can be read")
    assert "; name yours in TOUCHLINE_PLAYBOOK, or `touchline check --sample > " in said


def test_a_taken_metrics_port_is_one_line_with_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        child = start("touchpoints", env={"TOUCHLINE_METRICS_PORT": port})
        _, said = child.communicate(timeout=60)
    assert child.returncode == 1
    (line,) = said.splitlines()
    assert line.startswith("Error: TOUCHLINE_METRICS_PORT: expected a free port of 127.0.0.1, got")


@pytest.mark.parametrize("wrong", ["0/2", "3/2", "2", "a/b"])
def test_a_worker_that_is_none_of_its_number_is_refused(wrong: str) -> None:
    child = start("touchpoints", "--worker", wrong, env={})
    _, said = child.communicate(timeout=60)
    assert child.returncode == 2
    assert "expected N/M with 1 <= N <= M" in said


def test_two_workers_share_the_shards_and_neither_fences_the_other(
    fresh_kafka: str, fresh_redis: str
) -> None:
    create_topics({"bootstrap.servers": fresh_kafka}, ("click",), 4)
    env = {
        "TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS": fresh_kafka,
        "TOUCHLINE_REDIS_URL": fresh_redis,
        "TOUCHLINE_CHANNELS": "click",
        "TOUCHLINE_PARTITIONS": "4",
    }
    workers = [start("touchpoints", "--json", "--worker", f"{n}/2", env=env) for n in (1, 2)]
    for worker in workers:
        assert worker.stdout is not None
        assert orjson.loads(worker.stdout.readline())["flow"] == "touchpoints"
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
    for worker in workers:
        _, said = worker.communicate(timeout=30)
        assert worker.returncode == 0, said
        assert "drained" in said
        assert "taken by" not in said


def test_a_flow_without_work_ends_quickly_when_told_to(fresh_topics: str, fresh_redis: str) -> None:
    env = {
        "TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS": fresh_topics,
        "TOUCHLINE_REDIS_URL": fresh_redis,
    }
    child = start("touchpoints", "--json", env=env)
    assert child.stdout is not None
    assert orjson.loads(child.stdout.readline())["metrics_url"].startswith("http://127.0.0.1:")
    told = time.monotonic()
    child.send_signal(signal.SIGTERM)
    _, said = child.communicate(timeout=30)
    assert child.returncode == 0, said
    assert time.monotonic() - told < 20  # far above what it takes; a hang is what it is about
