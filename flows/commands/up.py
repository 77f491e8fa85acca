"""`touchline up`: everything on this machine."""

import shutil
import sys
from functools import partial
from itertools import combinations
from pathlib import Path

import click
import msgspec
from click.core import ParameterSource
from confluent_kafka import KafkaException
from rich.console import Console

from connectors.kafka.errors import words
from connectors.kafka.topics import TopicError
from decisions.load import PlaybookUnreadable, load_playbook
from decisions.playbook import PlaybookError
from flows.commands.option_types import (
    CUSTOMERS,
    LEAST_PER_S,
    MOST_PER_S,
    SECONDS,
    FilledPath,
    FiniteRange,
)
from flows.commands.playbook_file import SAMPLE_HINT
from flows.local.data_dir import USUAL, DataDir, DataDirInUse, DataDirUnfit
from flows.local.next_steps import servers_only_commands
from flows.local.outcome import somebody
from flows.local.ports import USUAL_KAFKA, USUAL_METRICS, USUAL_REDIS, PortTaken
from flows.local.report import JsonReport, PlainReport, Report, ServersReport
from flows.local.screen import ScreenReport
from flows.local.services import ServiceError
from flows.local.session import Interrupts, run, serve
from flows.local.stack import ChildDied, Demo, Plan, Ready, Stack
from flows.settings import Settings, SettingsError, read_settings

TROUBLE = (
    ChildDied,
    DataDirInUse,
    DataDirUnfit,
    KafkaException,
    OSError,
    PortTaken,
    ServiceError,
    SettingsError,
    TopicError,
)
"""What ends with one line and exit code 1."""
CROWD = ("rate", "customers", "seed")
"""Options of the simulated customers."""

KILLED = 130
"""Exit code after a second Ctrl-C, as shells have it for SIGINT."""
PORT = click.IntRange(0, 65_535)
MOST_PARTITIONS = 128
"""The embedded broker takes some 50 events a second when each topic has 256."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--demo", is_flag=True, help="Simulate customers.")
@click.option(
    "--servers-only",
    is_flag=True,
    help="Kafka, Redis and the topics alone, for flows started by hand; says what to export.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line; see above.")
@click.option(
    "--for",
    "seconds",
    type=SECONDS,
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
    help=f"Of the touchpoints flow; the others' are any free ones. 0 = any free. "
    f"Default: {USUAL_METRICS}, or any if it is taken.",
)
@click.option(
    "--decide-port",
    type=PORT,
    help="Also answer POST /v1/decide there; 0 = any free. Default: nobody answers.",
)
@click.option(
    "--data-dir",
    type=FilledPath(file_okay=False, path_type=Path),
    default=USUAL,
    show_default=True,
    help="Logs and the warehouse; one `up` at a time.",
)
@click.option("--playbook", type=FilledPath(), help="Instead of TOUCHLINE_PLAYBOOK.")
@click.option(
    "--partitions",
    type=click.IntRange(1, MOST_PARTITIONS),
    help=f"Of each topic; beyond {MOST_PARTITIONS} the embedded broker gets too slow to be of use. "
    "Default: TOUCHLINE_PARTITIONS, or 16.",
)
@click.option(
    "--rate",
    type=FiniteRange(LEAST_PER_S, MOST_PER_S),
    default=200.0,
    show_default=True,
    help="With --demo: events a second; the answers to offers come on top.",
)
@click.option(
    "--customers", type=CUSTOMERS, default=5_000, show_default=True, help="With --demo: how many."
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="With --demo: of the simulation."
)
def command(
    demo: bool,
    servers_only: bool,
    as_json: bool,
    seconds: float | None,
    kafka_port: int | None,
    redis_port: int | None,
    metrics_port: int | None,
    decide_port: int | None,
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

    The embedded Kafka is for demonstrations: all it was ever given stays in memory (about 70 MB a
    minute at 200 events a second) and slows it: offers take longer and longer, after some
    four minutes hundreds of milliseconds at the 99th percentile. Its high watermark is wrong, so a
    reader that wants all there is reads to the end of the partition (PARTITION_EOF) instead.

    With --json, the first line has bootstrap_servers, redis_url, metrics_urls, warehouse_path and
    data_dir, with --decide-port decide_url, and comes when all are ready; then a line
    {"numbers": ...} a second, and at the end {"summary": ...}; with --servers-only, metrics_urls is
    empty and the first line the only one.
    Messages go to stderr.

    Exit codes: 0 stopped when told to (Ctrl-C, SIGTERM, --for) or nobody reads its output any
    more, 1 something could not be started, ended by itself, or could not keep all it was given,
    2 wrong options, 130 killed by a second Ctrl-C. (After Ctrl-C on `make run`, make itself ends
    with 130.)

    \b
    Examples:
      touchline up --demo                        200 simulated events a second, until Ctrl-C
      touchline up --demo --rate 1000 --for 60   a minute of more
      touchline up --kafka-port 9092 --redis-port 6379   for producers and readers of your own
      touchline up --demo --decide-port 8070     for pages that ask with a context
      touchline up --servers-only                for `touchline run touchpoints` by hand
    """
    of_flows = (metrics_port, decide_port, playbook)
    if servers_only and (demo or any(option is not None for option in of_flows)):
        raise click.UsageError(
            "--servers-only: expected none of --demo, --metrics-port, --decide-port and --playbook"
            " with it"
        )
    _no_crowd_alone(demo)
    _differ(
        {"kafka": kafka_port, "redis": redis_port, "metrics": metrics_port, "decide": decide_port}
    )
    interrupts = Interrupts()
    crowd = Demo(rate=rate, customers=customers, seed=seed) if demo else None
    plan = Plan(
        kafka_port=kafka_port,
        redis_port=redis_port,
        metrics_port=metrics_port,
        decide_port=decide_port,
        demo=crowd,
    )
    try:
        settings = _settings(playbook, partitions)
        if not servers_only:
            load_playbook(Path(settings.playbook))
        with interrupts.caught(), DataDir(data_dir) as folder:
            stack = Stack(folder, settings, plan, interrupts.asked)
            if servers_only:
                serve(stack, _servers_report(as_json, settings), interrupts, seconds)
            else:
                run(stack, _report(as_json), interrupts, seconds)
    except PlaybookError as error:
        meant = f"; name yours with --playbook or TOUCHLINE_PLAYBOOK, or {SAMPLE_HINT}"
        click.echo(f"{error}{meant if isinstance(error, PlaybookUnreadable) else ''}", err=True)
        sys.exit(1)
    except TROUBLE as trouble:
        raise click.ClickException(_said(trouble)) from None
    finally:
        # Also of a stdout that nobody reads any more, and of what else comes of being killed.
        if interrupts.count > 1:
            sys.exit(KILLED)


def _said(trouble: BaseException) -> str:
    if isinstance(trouble, KafkaException):
        return f"the embedded Kafka does not answer as it should: {words(trouble)}"
    if isinstance(trouble, OSError) and trouble.strerror:
        place = f"{trouble.filename}: " if trouble.filename else "this machine: "
        return f"{place}{trouble.strerror}"
    return words(trouble)


def _no_crowd_alone(demo: bool) -> None:
    """Raises UsageError when simulated customers are described, and none are wanted."""
    source = click.get_current_context().get_parameter_source
    given = [f"--{name}" for name in CROWD if source(name) is not ParameterSource.DEFAULT]
    if given and not demo:
        raise click.UsageError(
            f"{', '.join(given)}: expected --demo as well, which simulates customers, got none"
        )


def _differ(ports: dict[str, int | None]) -> None:
    """Raises UsageError when two options want the same port."""
    for (one, port), (other, same) in combinations(ports.items(), 2):
        if port and port == same:
            raise click.UsageError(
                f"--{one}-port and --{other}-port: expected different ports, got {port} for both"
            )


def _settings(playbook: str | None, partitions: int | None) -> Settings:
    """The environment's, but for what the options say. Raises SettingsError."""
    options = {"playbook": playbook, "partitions": partitions}
    given = {name: value for name, value in options.items() if value is not None}
    settings = msgspec.structs.replace(read_settings(), **given)
    if settings.partitions > MOST_PARTITIONS:
        raise SettingsError(
            f"TOUCHLINE_PARTITIONS: expected at most {MOST_PARTITIONS}, beyond which the embedded "
            f"broker gets too slow to be of use, got {settings.partitions}"
        )
    return settings


def _report(as_json: bool) -> Report:
    if as_json:
        return _json_report()
    console = Console()
    # Asked of stdout itself: rich would draw on a pipe, too, and show only the last picture.
    if not sys.stdout.isatty() or console.is_dumb_terminal:
        return PlainReport(click.echo, _program(), _customer)
    return ScreenReport(console, _program(), _customer)


def _json_report() -> JsonReport:
    return JsonReport(click.echo, aside=partial(click.echo, err=True))


def _servers_report(as_json: bool, settings: Settings) -> JsonReport | ServersReport:
    if as_json:
        return _json_report()
    program = _program()
    return ServersReport(click.echo, lambda ready: servers_only_commands(ready, settings, program))


def _customer(ready: Ready) -> str | None:
    return somebody(ready.redis_url)


def _program() -> str:
    """How this program was called, so that what is shown can be copied."""
    called = Path(sys.argv[0])
    if called.name != "touchline":
        return f"{sys.executable} -m flows.cli"
    return "touchline" if shutil.which("touchline") == str(called) else str(called)
