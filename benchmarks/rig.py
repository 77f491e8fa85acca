"""What is measured, and on what: embedded Kafka and Redis, topics, and the flow as a child."""

import http.client
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from confluent_kafka import Producer
from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.brokers import Kafka, brokers
from benchmarks.usage import Usage, usage_of
from connectors.kafka.topics import create_topics
from flows.local.process import Process
from flows.local.services import Service, start_redis
from flows.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
START_S = 60.0
STOP_S = 20.0
CUSTOMERS = 100_000

Numbers = dict[str, float]
"""`name{value of a label,...}` → what /metrics says of it."""


class Rig(Struct, frozen=True):
    """Running servers, all topics made."""

    kafka: Kafka
    redis: Service
    folder: Path
    settings: dict[str, str]
    """Of the flow, where they are not the default: variable → value."""

    def environment(self, root: Path) -> dict[str, str]:
        """Of children: these servers, `settings`, and whatever else is at its default."""
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith("TOUCHLINE_")},
            "TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "TOUCHLINE_REDIS_URL": self.redis.redis_url,
            "TOUCHLINE_PLAYBOOK": str(root / "playbooks/retail.yaml"),
            "PYTHONPATH": str(root),
            **self.settings,
        }

    def producer(self, **options: str | int) -> Producer:
        """Places customers as all producers here must."""
        return Producer(
            {
                "bootstrap.servers": self.kafka.bootstrap_servers,
                "partitioner": "murmur2_random",
                "log_level": 0,
                **options,
            }
        )


@contextmanager
def services(**of_flow: str) -> Iterator[Rig]:
    """Fresh servers with all topics of the default settings (4 channels, 16 partitions).

    `of_flow`: settings (TOUCHLINE_...) of the processes that are measured.
    """
    settings = Settings()
    with tempfile.TemporaryDirectory(prefix="touchline-bench-") as name:
        folder = Path(name)
        with brokers().fresh(folder / "kafka") as kafka:
            redis = start_redis(folder / "redis")
            try:
                admin = {"bootstrap.servers": kafka.bootstrap_servers}
                create_topics(admin, settings.channels, settings.partitions)
                yield Rig(kafka, redis, folder, of_flow)
            finally:
                redis.stop(0)


class Child(Struct, frozen=True):
    """A process of ours that has said that it is ready."""

    process: Process
    said: dict[str, str]
    """The JSON object it printed then."""
    ready_at: float
    """time.monotonic() when that was seen."""

    def check(self) -> None:
        """Raises RuntimeError, with its last words, when it has ended."""
        if (code := self.process.exit_code()) is not None:
            lines = "\n  ".join(self.process.last_lines())
            raise RuntimeError(f"{self.process.name} ended with exit code {code}:\n  {lines}")

    def more(self) -> list[Any]:
        """What it has printed after its first line, one JSON value a line."""
        return [orjson.loads(line) for line in self.process.printed()[1:]]


@contextmanager
def child(rig: Rig, name: str, *command: str, root: Path = ROOT) -> Iterator[Child]:
    """`python -m command`, from when it is ready; ended by SIGTERM, which it must obey.

    `root` is the checkout whose code it runs.
    """
    process = Process(
        name,
        [sys.executable, "-m", *command],
        rig.folder / f"{name}.log",
        env=rig.environment(root),
        cwd=root,
        out=rig.folder / f"{name}.out",
    )
    try:
        began = time.monotonic()
        while not (lines := process.printed()):
            Child(process, {}, 0).check()
            if time.monotonic() - began > START_S:
                raise RuntimeError(f"{name} was not ready within {START_S:.0f} s")
            time.sleep(0.002)
        yield Child(process, orjson.loads(lines[0]), time.monotonic())
        if (code := process.stop(STOP_S)) != 0:
            last = "\n  ".join(process.last_lines())
            raise RuntimeError(f"{name} was told to stop and ended with {code}:\n  {last}")
    finally:
        process.stop(0)


def touchpoints(rig: Rig, root: Path = ROOT) -> AbstractContextManager[Child]:
    """The flow as an operator starts it, with one process for all shards."""
    return child(rig, "touchpoints", "flows.cli", "run", "touchpoints", "--json", root=root)


def usages(rig: Rig, measured: Child) -> dict[str, Usage]:
    """What a child and the servers have used so far, by name."""
    pids = {
        measured.process.name: measured.process.pid,
        "kafka": rig.kafka.process.pid,
        "redis": rig.redis.process.pid,
    }
    return {name: usage_of(pid) for name, pid in pids.items()}


def scrape(measured: Child) -> Numbers:
    """What the flow's /metrics say now."""
    # Not urllib.request: that would ask the environment's proxy for a page of this machine.
    parts = urlsplit(measured.said["metrics_url"])
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("GET", parts.path)
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    return {
        f"{sample.name}{{{','.join(sample.labels.values())}}}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
