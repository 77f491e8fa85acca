"""`touchline run touchpoints --workers N`: several processes that share the shards."""

import os
import sys
from collections.abc import Sequence

import click
import msgspec
import orjson

from flows.commands.signals import caught
from flows.restarts import Restarts
from flows.settings import PREFIX, Settings, SettingsError
from flows.supervisor import GaveUp, Supervisor, Worker

INCURABLE = frozenset({1, 2, 3, 4})
"""Exit codes of `touchline run` that a restart does not cure: wrong settings, wrong options, all
shards taken by another owner (to take them back would be to fight over them), refused."""
PORT_NAME = PREFIX + "METRICS_PORT"


class WorkerReady(msgspec.Struct, frozen=True):
    """The line a worker prints when it is ready."""

    flow: str
    metrics_url: str


def supervise(settings: Settings, workers: int, options: Sequence[str], as_json: bool) -> None:
    """Run `workers` processes until SIGTERM or SIGINT, and exit with what one that cannot stay up
    exited with. `options` are what each is told besides its part.

    Raises SettingsError when so many cannot be.
    """
    if settings.in_group and workers > settings.partitions:
        click.echo(
            f"Warning: --workers {workers}: expected at most as many as there are shards, "
            f"{settings.partitions} (TOUCHLINE_PARTITIONS): each of the others waits until one of "
            "them ends",
            err=True,
        )
    supervisor = Supervisor(
        _workers(settings, workers, options),
        lambda: Restarts(INCURABLE),
        Announcement(workers, as_json).ready,
    )
    with caught(lambda *_: supervisor.stop()):
        try:
            supervisor.run()
        except GaveUp as gave_up:
            click.echo(f"Error: {gave_up}", err=True)
            sys.exit(gave_up.code)


def _workers(settings: Settings, count: int, options: Sequence[str]) -> list[Worker]:
    if not settings.in_group and count > settings.partitions:
        raise SettingsError(
            f"--workers {count}: expected at most {settings.partitions} processes, as there are "
            "partitions (TOUCHLINE_PARTITIONS)"
        )
    port = settings.metrics_port
    if port and port + count - 1 > 65_535:
        raise SettingsError(
            f"{PORT_NAME}: expected a port with {count - 1} more above it, one for each worker, got"
            f" {port}; choose a lower one, or 0 for any free ports"
        )
    command = [sys.executable, "-m", "flows.cli", "run", "touchpoints", "--json", *options]
    return [
        Worker(
            command if settings.in_group else [*command, f"--worker={number}/{count}"],
            {**os.environ, PORT_NAME: str(port + number - 1 if port else 0)},
        )
        for number in range(1, count + 1)
    ]


class Announcement:
    """Tells on stdout who is ready, and once that all are; only with --json."""

    def __init__(self, workers: int, as_json: bool) -> None:
        self._workers = workers
        self._as_json = as_json
        self._ready: dict[int, str] = {}
        self._told = False

    def ready(self, number: int, line: bytes) -> None:
        """Worker `number` has printed `line`."""
        told = msgspec.json.decode(line, type=WorkerReady)
        self._ready[number] = told.metrics_url
        worker = f"{number}/{self._workers}"
        self._print({"flow": told.flow, "worker": worker, "metrics_url": told.metrics_url})
        if len(self._ready) == self._workers and not self._told:
            self._told = True
            urls = [url for _, url in sorted(self._ready.items())]
            self._print({"flow": told.flow, "workers": self._workers, "metrics_urls": urls})

    def _print(self, what: object) -> None:
        if self._as_json:
            click.echo(orjson.dumps(what))
