"""`touchline run`: one flow against configured servers."""

import importlib
import logging
import signal
import sys
import threading
from typing import Any

import click
import orjson
from confluent_kafka import KafkaException
from msgspec import structs

from connectors.kafka.errors import LogTruncated, Stalled, words
from connectors.kafka.plan_log import NoPlan, PlanLogUnreadable
from connectors.kafka.publisher import NotDelivered
from connectors.warehouse.errors import WarehouseUnfit
from decisions.load import PlaybookUnreadable
from decisions.playbook import PlaybookError
from flows.addresses import without_secrets
from flows.clients import check_kafka, check_redis
from flows.commands.playbook_file import SAMPLE_HINT
from flows.commands.workers import supervise
from flows.metrics.meter import Meter
from flows.metrics.server import serve
from flows.settings import Settings, SettingsError, read_settings
from flows.waiting import ServiceAbsent
from state.store.requirements import Unsuitable
from state.store.shard_store import Fenced, Refused

USAGE, FENCED, REFUSED, STALLED = 1, 3, 4, 5
"""Exit codes: wrong settings; another owner has all shards; going on would lose data, or topics
are not as they should be; nothing comes any more, which a new start cures."""

EXPECTED: dict[type[Exception], int] = {
    SettingsError: USAGE,
    PlaybookError: USAGE,
    ServiceAbsent: USAGE,
    Unsuitable: USAGE,
    Fenced: FENCED,
    Refused: REFUSED,
    NotDelivered: REFUSED,
    LogTruncated: REFUSED,
    PlanLogUnreadable: REFUSED,
    NoPlan: REFUSED,
    KafkaException: REFUSED,
    WarehouseUnfit: REFUSED,
    Stalled: STALLED,
}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Run one flow, or what answers, against configured servers.

    Settings come from the environment (TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS, TOUCHLINE_REDIS_URL,
    TOUCHLINE_WAREHOUSE_URL, TOUCHLINE_PLAYBOOK, ...). SIGTERM and Ctrl-C finish the work at hand.

    Exit codes: 0 stopped when told to, or nobody reads what --json prints, 1 wrong settings or
    playbook, a Redis that does not suit, or with --fail-fast an absent server, 2 wrong options,
    3 another owner has taken all shards, 4 going on would lose or repeat something, or topics or
    tables are not as they should be, 5 events lie in Kafka and its client does not get them: start
    it again.
    """


def _worker(
    _ctx: click.Context, _param: click.Parameter, text: str | None
) -> tuple[int, int] | None:
    if text is None:
        return None
    number, slash, of = text.partition("/")
    if not (slash and number.isdigit() and of.isdigit() and 1 <= int(number) <= int(of)):
        raise click.BadParameter("expected N/M with 1 <= N <= M, such as 2/8")
    return int(number), int(of)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line when ready.")
@click.option("--fail-fast", is_flag=True, help="Exit when Kafka or Redis is absent at start.")
@click.option(
    "--worker",
    callback=_worker,
    metavar="N/M",
    help="Take every Mth shard from the Nth on: process N of M.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    metavar="N",
    help="Run N processes that share the shards, and start one again that ends.",
)
def touchpoints(
    as_json: bool, fail_fast: bool, worker: tuple[int, int] | None, workers: int | None
) -> None:
    """Events in; offers, actions and enriched records out.

    One process works on all shards, unless --worker gives it a part, or Kafka does: with
    TOUCHLINE_ASSIGNMENT=group processes share the shards by themselves, however many there are, and
    anew when one comes, goes or dies. --workers starts N at once, either way. What they say is led
    to stderr with [1/N] in front; worker 1 has TOUCHLINE_METRICS_PORT, the next the port above, and
    so on. One that crashes is started again after 0.5 s, and later each time; when it cannot stay
    up, all are ended, with its exit code.

    \b
    Examples:
      touchline run touchpoints
      touchline run touchpoints --workers 4
      touchline run touchpoints --worker 2/8
      TOUCHLINE_ASSIGNMENT=group touchline run touchpoints
      TOUCHLINE_ASSIGNMENT=group TOUCHLINE_METRICS_PORT=9100 \\
        touchline run touchpoints --workers 4 --json
    """
    if workers is None:
        _run("touchpoints", as_json, fail_fast, worker=worker)
    elif worker is None:
        _supervise(workers, as_json, fail_fast)
    else:
        raise click.UsageError(
            "--worker makes this process one of several, --workers starts several: name one of them"
        )


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line when ready.")
@click.option("--fail-fast", is_flag=True, help="Exit when Kafka or the warehouse is absent.")
def warehouse(as_json: bool, fail_fast: bool) -> None:
    """Enriched records and actions into Delta tables.

    \b
    Example:
      TOUCHLINE_WAREHOUSE_URL=/data/warehouse touchline run warehouse
    """
    _run("warehouse", as_json, fail_fast)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line when ready.")
@click.option("--fail-fast", is_flag=True, help="Exit when Kafka or Redis is absent at start.")
def decide(as_json: bool, fail_fast: bool) -> None:
    """Offers for who asks over HTTP, with what a page knows.

    Answers POST /v1/decide at TOUCHLINE_DECIDE_HOST and TOUCHLINE_DECIDE_PORT (127.0.0.1 and 8070
    unless set; 0 = any free port). There is no authentication: whoever reaches the address may ask.
    What is decided counts once the touchpoints flow has read it.

    \b
    Examples:
      touchline run decide
      TOUCHLINE_DECIDE_PORT=0 touchline run decide --json
    """
    _run("decide", as_json, fail_fast)


def _supervise(workers: int, as_json: bool, fail_fast: bool) -> None:
    try:
        supervise(read_settings(), workers, ["--fail-fast"] if fail_fast else [], as_json)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def not_ready(flow: str, meter: Meter, is_ready: threading.Event) -> str | None:
    """Why the flow is not ready, for /readyz; None when it is."""
    if not is_ready.is_set():
        return "starting"
    if not meter.value("touchline_kafka_up"):
        return "Kafka does not answer"
    if flow == "warehouse":
        return None if meter.value("touchline_warehouse_up") else "the warehouse is not available"
    if flow == "decide":
        return None if meter.value("touchline_redis_up") else "Redis does not answer"
    assigned, owned, waiting = (
        meter.value(f"touchline_shards_{name}") for name in ("assigned", "owned", "waiting")
    )
    if waiting:
        return f"{waiting:.0f} shards wait for Kafka or Redis"
    taken = assigned - owned
    if taken <= 0:
        return None
    return f"{taken:.0f} of its {assigned:.0f} shards were taken by another process"


def said(error: Exception, settings: Settings) -> str:
    """What an error says, and of what it is about where it does not say so itself."""
    if isinstance(error, Unsuitable):
        return f"Redis at {without_secrets(settings.redis_url)} (TOUCHLINE_REDIS_URL): {error}"
    if isinstance(error, PlaybookUnreadable):
        return f"{error}; name yours in TOUCHLINE_PLAYBOOK, or {SAMPLE_HINT}"
    return words(error)


def _run(flow: str, as_json: bool, fail_fast: bool, **options: Any) -> None:
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    is_ready = threading.Event()
    try:
        settings = read_settings()
        check_kafka(settings.kafka_config)
        if flow != "warehouse":
            check_redis(settings.redis_url)
        if fail_fast:
            settings = structs.replace(settings, fail_fast=True)
        shards = settings.shards_of(options["worker"]) if flow == "touchpoints" else ()
        meter = Meter.for_flow(flow, settings, shards)
        server = serve(
            meter,
            settings.metrics_host,
            settings.metrics_port,
            health=lambda: None,
            ready=lambda: not_ready(flow, meter, is_ready),
        )
    except (SettingsError, PlaybookError) as error:
        raise click.ClickException(str(error)) from None

    def ready(url: str = "") -> None:
        is_ready.set()
        waits = not_ready(flow, meter, is_ready)
        state = f"runs and waits: {waits}" if waits else "is ready"
        at = f" at {url}" if url else ""
        logging.getLogger("touchline").info("%s %s%s; metrics at %s", flow, state, at, server.url)
        if as_json:
            told = {"flow": flow, "metrics_url": server.url, **({"url": url} if url else {})}
            click.echo(orjson.dumps(told))

    try:
        importlib.import_module(f"flows.{flow}").run(settings, meter, stop, ready, **options)
    except tuple(EXPECTED) as error:
        click.echo(f"Error: {said(error, settings)}", err=True)
        sys.exit(next(code for kind, code in EXPECTED.items() if isinstance(error, kind)))
    finally:
        server.close()
