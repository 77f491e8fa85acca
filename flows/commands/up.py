"""`touchline up`: everything on this machine."""

import shutil
import sys
from functools import partial
from pathlib import Path

import click
import msgspec
from confluent_kafka import KafkaException
from rich.console import Console

from connectors.kafka_topics import TopicError
from flows.local.data_dir import DataDir, DataDirInUse
from flows.local.outcome import somebody
from flows.local.ports import USUAL_KAFKA, USUAL_METRICS, USUAL_REDIS, PortTaken
from flows.local.report import JsonReport, PlainReport, Report
from flows.local.screen import ScreenReport
from flows.local.services import ServiceError
from flows.local.session import Interrupts, run
from flows.local.stack import ChildDied, Demo, Plan, Ready, Stack
from flows.settings import Settings, SettingsError, read_settings

TROUBLE = (
    ChildDied,
    DataDirInUse,
    KafkaException,
    OSError,
    PortTaken,
    ServiceError,
    SettingsError,
    TopicError,
)
"""What ends with one line and exit code 1."""

KILLED = 130
"""Exit code after a second Ctrl-C, as shells have it for SIGINT."""
PORT = click.IntRange(0, 65_535)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--demo", is_flag=True, help="Simulate customers.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line; see above.")
@click.option(
    "--for",
    "seconds",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Stop by itself, so long after everything is ready.",
)
@click.option(
    "--kafka-port", type=PORT, help=f"0 = any free. Default: {USUAL_KAFKA}, or any if it is taken."
)
@click.option(
    "--redis-port", type=PORT, help=f"0 = any free. Default: {USUAL_REDIS}, or any if it is taken."
)
@click.option(
    "--metrics-port",
    type=PORT,
    help=f"Of the touchpoints flow; the warehouse flow's is any free one. 0 = any free. "
    f"Default: {USUAL_METRICS}, or any if it is taken.",
)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".touchline"),
    show_default=True,
    help="Logs and the warehouse; one `up` at a time.",
)
@click.option("--playbook", type=click.Path(), help="Instead of TOUCHLINE_PLAYBOOK.")
@click.option("--partitions", type=click.IntRange(1, 1024), help="Of each topic. Default 16.")
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    default=200.0,
    show_default=True,
    help="Simulated events a second.",
)
@click.option(
    "--customers", type=click.IntRange(min=1), default=5_000, show_default=True, help="Simulated."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the simulation.")
def command(
    demo: bool,
    as_json: bool,
    seconds: float | None,
    kafka_port: int | None,
    redis_port: int | None,
    metrics_port: int | None,
    data_dir: Path,
    playbook: str | None,
    partitions: int | None,
    rate: float,
    customers: int,
    seed: int,
) -> None:
    """Everything on this machine: Kafka, Redis, both flows, metrics; on loopback alone.

    Kafka and Redis are embedded, live in memory and begin anew each time; the warehouse in the
    data directory goes on. Ctrl-C and SIGTERM stop everything within 5 s, a second one at once.

    With --json, the first line has bootstrap_servers, redis_url, metrics_urls, warehouse_path and
    data_dir, and comes when all are ready; then a line {"numbers": ...} a second, and at the end
    {"summary": ...}. Messages go to stderr.

    \b
    Exit codes: 0 stopped when told to (Ctrl-C, SIGTERM, --for), 1 something could not be started
    or ended by itself, 130 killed by a second Ctrl-C.

    \b
    Examples:
      touchline up --demo                        200 simulated events a second, until Ctrl-C
      touchline up --demo --rate 1000 --for 60   a minute of more
      touchline up --kafka-port 9092 --redis-port 6379   for producers and readers of your own
    """
    interrupts = Interrupts()
    crowd = Demo(rate=rate, customers=customers, seed=seed) if demo else None
    plan = Plan(kafka_port=kafka_port, redis_port=redis_port, metrics_port=metrics_port, demo=crowd)
    try:
        settings = _settings(playbook, partitions)
        with interrupts.caught(), DataDir(data_dir) as folder:
            stack = Stack(folder, settings, plan, interrupts.asked)
            run(stack, _report(as_json), interrupts, seconds)
    except TROUBLE as trouble:
        if interrupts.count < 2:
            raise click.ClickException(str(trouble)) from None
    if interrupts.count > 1:
        sys.exit(KILLED)


def _settings(playbook: str | None, partitions: int | None) -> Settings:
    """The environment's, but for what the options say. Raises SettingsError."""
    options = {"playbook": playbook, "partitions": partitions}
    given = {name: value for name, value in options.items() if value is not None}
    return msgspec.structs.replace(read_settings(), **given)


def _report(as_json: bool) -> Report:
    if as_json:
        return JsonReport(click.echo, aside=partial(click.echo, err=True))
    # Asked of stdout itself: rich would draw on a pipe, too, and show only the last picture.
    if not sys.stdout.isatty():
        return PlainReport(click.echo, _program(), _customer)
    return ScreenReport(Console(), _program(), _customer)


def _customer(ready: Ready) -> str | None:
    return somebody(ready.redis_url)


def _program() -> str:
    """How this program was called, so that what is shown can be copied."""
    called = Path(sys.argv[0])
    if called.name != "touchline":
        return f"{sys.executable} -m flows.cli"
    return "touchline" if shutil.which("touchline") == str(called) else str(called)
