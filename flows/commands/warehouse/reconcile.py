"""`touchline warehouse reconcile`: where every event is that was produced."""

import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import click
import orjson
from confluent_kafka import KafkaException

from connectors.kafka.to_end import Unread
from connectors.kafka.topics import TopicError
from connectors.warehouse.ledger import HOUR_MS, Line
from connectors.warehouse.reconciliation import Account, Reconciliation
from flows.commands.kafka_trouble import kafka_trouble
from flows.commands.nearby import nearby_settings
from flows.commands.option_types import kafka_servers
from flows.commands.progress import telling
from flows.commands.warehouse.opening import one_sentence, url_option
from flows.settings import SettingsError
from state.times import rfc3339

CANNOT_TELL = 2
NUMBERS = (
    *("produced", "rows", "repeats", "dead_letters"),
    *("waiting", "missing", "doubled", "unknown"),
)
LOOK_AGAIN_S = 1.0


def _since(_ctx: click.Context, _param: click.Parameter, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"expected a moment such as 2026-01-15T09:00Z, got {text!r}"
        ) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--hours", type=click.IntRange(1, 100_000), help="Only this hour and those before.")
@click.option(
    "--since", metavar="MOMENT", callback=_since, help="Only hours from this one on, UTC."
)
@click.option("--all", "show_all", is_flag=True, help="Show hours that balance, too.")
@click.option(
    "--wait",
    "wait_s",
    type=click.IntRange(0, 86_400),
    default=30,
    show_default=True,
    metavar="SECONDS",
    help="How long events that are on their way are waited for.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
@click.option(
    "--bootstrap-servers",
    metavar="HOST:PORT",
    callback=kafka_servers,
    help="Instead of TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS.",
)
@url_option
def command(
    hours: int | None,
    since: int | None,
    show_all: bool,
    wait_s: int,
    as_json: bool,
    bootstrap_servers: str | None,
    url: str | None,
) -> None:
    """Account for every event: produced = rows + repeats + dead letters + waiting.

    By topic, partition and hour of the record's timestamp, for all that the channels' topics held
    when it began. repeats: the id has a row already, so it was dropped, as is meant. waiting: not
    processed yet, or not in the warehouse yet. What should not be: missing (processed, and neither
    a row nor a dead letter), doubled (a row that is there twice) and unknown (a row that nobody
    produced).

    Exit codes: 0 all balances and nothing waits, 1 something is missing, doubled or unknown, 2 it
    cannot be told: events wait, Kafka or the warehouse cannot be read, or wrong options,
    130 interrupted.

    \b
    Examples:
      touchline warehouse reconcile
      touchline warehouse reconcile --hours 24 --wait 300
      touchline warehouse reconcile --json --all
    """
    if hours is not None and since is not None:
        raise click.UsageError("--hours and --since: expected one of them")
    now_ms = time.time_ns() // 1_000_000
    since_ms = since or 0
    if hours is not None:
        since_ms = now_ms - (hours - 1) * HOUR_MS
    since_ms -= since_ms % HOUR_MS
    with one_sentence(CANNOT_TELL), _kafka_troubles() as named:
        settings = nearby_settings(bootstrap_servers, url)
        address = bootstrap_servers or settings.kafka_bootstrap_servers
        named.append(address)
        config = {**settings.kafka_config, "bootstrap.servers": address}
        at = url or settings.warehouse_url
        with telling() as tell, closing(Reconciliation(config, settings.channels, at, tell)) as of:
            until = time.monotonic() + wait_s
            account = of.look(since_ms)
            while _exit_code(account) == CANNOT_TELL and time.monotonic() < until:
                time.sleep(LOOK_AGAIN_S)
                account = of.look(since_ms)
    if as_json:
        click.echo(orjson.dumps(_described(account, show_all)))
    else:
        _print(account, show_all)
    sys.exit(_exit_code(account))


def _exit_code(account: Account) -> int:
    if account.differs:
        return 1
    return CANNOT_TELL if account.total("waiting") else 0


def _described(account: Account, show_all: bool) -> dict[str, Any]:
    return {
        "balanced": _exit_code(account) == 0,
        "total": {name: account.total(name) for name in NUMBERS},
        "hours": [
            {"hour": rfc3339(line.hour_ms)} | _but_hour(line) for line in _shown(account, show_all)
        ],
    }


def _but_hour(line: Line) -> dict[str, Any]:
    return {name: value for name, value in line._asdict().items() if name != "hour_ms"}


def _shown(account: Account, show_all: bool) -> list[Line]:
    return [line for line in account.lines if show_all or line.differs or line.waiting]


def _print(account: Account, show_all: bool) -> None:
    shown = _shown(account, show_all)
    place = max([len("topic"), *(len(f"{line.topic}[{line.partition}]") for line in shown)])
    if shown:
        heads = " ".join(f"{name.replace('_', ' '):>12}" for name in NUMBERS)
        click.echo(f"{'topic':<{place}}  {'hour (UTC)':<16} {heads}")
    for line in shown:
        numbers = " ".join(f"{getattr(line, name):>12,}" for name in NUMBERS)
        hour = rfc3339(line.hour_ms)[:16].replace("T", " ")
        click.echo(f"{f'{line.topic}[{line.partition}]':<{place}}  {hour:<16} {numbers}")
    total = {name: account.total(name) for name in NUMBERS}
    click.echo(
        f"produced {total['produced']:,} = rows {total['rows']:,} + repeats {total['repeats']:,} + "
        f"dead letters {total['dead_letters']:,} + waiting {total['waiting']:,} + missing "
        f"{total['missing']:,}; doubled {total['doubled']:,}, unknown {total['unknown']:,}"
    )
    if account.differs:
        click.echo("it does not balance", err=True)
    elif total["waiting"]:
        click.echo(
            f"{total['waiting']:,} events are not in the warehouse yet: do the flows run? Look "
            "again later, or wait longer with --wait SECONDS",
            err=True,
        )


@contextmanager
def _kafka_troubles() -> Iterator[list[str]]:
    """Kafka's and the settings' troubles in one line; the list takes the address to be named."""
    named: list[str] = []
    try:
        yield named
    except SettingsError as error:
        trouble = str(error)
    except (KafkaException, Unread) as error:
        trouble = kafka_trouble(", ".join(named), error)
    except TopicError as error:
        trouble = str(error)
    else:
        return
    click.echo(f"Error: {trouble}", err=True)
    sys.exit(CANNOT_TELL)
