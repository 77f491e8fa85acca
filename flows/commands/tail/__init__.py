"""`touchline tail`: decisions as they are published."""

import sys
import time

import click
from confluent_kafka import KafkaException

from connectors.kafka.errors import LogTruncated
from flows.clients import check_kafka
from flows.commands.customer_id import customer_id
from flows.commands.kafka_trouble import kafka_trouble
from flows.commands.nearby import nearby_settings
from flows.commands.option_types import SECONDS, age, kafka_servers
from flows.commands.tail.ending import Ending, kafka_log_to
from flows.commands.tail.following import follow
from flows.commands.tail.lines import line_of
from flows.commands.tail.reading import Intake, Taken
from flows.commands.tail.selection import KINDS, NARROWS, SHORT, Selection, moment_of, select
from flows.settings import SettingsError

OPTIONS = {
    "offers": "offer",
    "alerts": "alert",
    "severities": "severity",
    "segments": "segment",
    "journeys": "journey",
}

EPILOG = """\b
Examples:
  touchline tail                                      all decisions from now on
  touchline tail --kind alert --severity critical     what somebody should look at
  touchline tail --customer c-000001 --since 1h       one customer, the last hour first
  touchline tail --segment vip --json                 who becomes a VIP or is one no longer
  touchline tail --journey abandoned_cart             its runs, and what they ask others to do
  touchline tail --from-start --offer club --limit 5  five decisions for an offer
"""


@click.command(
    epilog=EPILOG,
    short_help="Follow decisions as they are published.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice([*SHORT, *KINDS]),
    metavar="KIND",
    help=f"One of {', '.join(SHORT)}, or {', '.join(KINDS)}; event is what came in, of "
    "touchpoints.enriched. Repeatable.  [default: all but event]",
)
@click.option("--customer", metavar="ID", callback=customer_id, help="Only this customer.")
@click.option("--offer", multiple=True, metavar="ID", help="Only this offer. Repeatable.")
@click.option("--alert", multiple=True, metavar="ID", help="Only this alert. Repeatable.")
@click.option("--segment", multiple=True, metavar="ID", help="Only this segment. Repeatable.")
@click.option("--journey", multiple=True, metavar="ID", help="Only this journey. Repeatable.")
@click.option(
    "--severity",
    multiple=True,
    type=click.Choice(["info", "warning", "critical"]),
    help="Only alerts of this severity. Repeatable.",
)
@click.option(
    "--since", "age_ms", metavar="AGE", callback=age, help="Begin so long ago: 90s, 10m, 12h, 7d."
)
@click.option("--from-start", is_flag=True, help="Begin with the earliest that Kafka has.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="End after so many lines.")
@click.option("--for", "seconds", type=SECONDS, metavar="SECONDS", help="End after so long.")
@click.option(
    "--bootstrap-servers",
    metavar="HOST:PORT",
    callback=kafka_servers,
    help="Instead of TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS.",
)
@click.option("--json", "as_json", is_flag=True, help="The records as they are, one a line.")
def command(
    kinds: tuple[str, ...],
    customer: str | None,
    offer: tuple[str, ...],
    alert: tuple[str, ...],
    segment: tuple[str, ...],
    journey: tuple[str, ...],
    severity: tuple[str, ...],
    age_ms: int | None,
    from_start: bool,
    limit: int | None,
    seconds: float | None,
    bootstrap_servers: str | None,
    as_json: bool,
) -> None:
    """Follow decisions as they are published: offers, alerts, segments, journeys and actions.

    One line each: time (UTC), kind, customer, what, why. A repeat after a crash is left out. One
    customer's lines come in order, those of different customers about so. --offer, --alert,
    --severity, --segment and --journey choose the kind as well, unless --kind does. Kafka is
    waited for.

    Exit codes: 0 ended by --limit, --for, Ctrl-C or SIGTERM, or nobody reads its output any more,
    1 wrong settings, Kafka was absent for as long as --for says, or a topic was truncated or made
    anew while it was read, 2 wrong options.
    """
    if from_start and age_ms is not None:
        raise click.UsageError("--from-start and --since say different beginnings; drop one")
    try:
        selection = select(
            kinds,
            customer,
            offers=offer,
            alerts=alert,
            segments=segment,
            severities=severity,
            journeys=journey,
        )
    except ValueError as error:
        field = str(error)
        raise click.UsageError(
            f"--{OPTIONS[field]} is about {' and '.join(NARROWS[field])}, which --kind leaves out; "
            "drop one of the two"
        ) from None
    ending = Ending(seconds)
    since_ms = 0 if from_start else None if age_ms is None else max(_now_ms() - age_ms, 1)
    with ending.by_signals(), kafka_log_to(_say):
        _tail(selection, since_ms, ending, limit, as_json, bootstrap_servers)


def _tail(
    selection: Selection,
    since_ms: int | None,
    ending: Ending,
    limit: int | None,
    as_json: bool,
    bootstrap_servers: str | None,
) -> None:
    try:
        settings = nearby_settings(bootstrap_servers)
        address = bootstrap_servers or settings.kafka_bootstrap_servers
        config = {**settings.kafka_config, "bootstrap.servers": address}
        check_kafka(config)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    intake = Intake(_say)
    left = sys.maxsize if limit is None else limit
    answered = False
    try:
        for batch in follow(config, selection.topics(), since_ms, selection.customer, ending, _say):
            answered = True
            taken = [each for each in intake.take(batch) if selection.takes(each.record)]
            taken.sort(key=lambda each: moment_of(each.record))
            _tell(taken[:left], as_json)
            left -= len(taken)
            if left <= 0:
                break
    except LogTruncated as error:
        raise click.ClickException(str(error)) from None
    except KafkaException as failure:
        raise click.ClickException(kafka_trouble(address, failure)) from None
    finally:
        if intake.unreadable > 1:
            _say(f"{intake.unreadable:,} records were left out")
    if not answered and ending.time_is_up():
        raise click.ClickException(
            f"Kafka: nothing could be read at {address} for as long as --for says; name another "
            "with --bootstrap-servers or TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS"
        )


def _tell(taken: list[Taken], as_json: bool) -> None:
    now_ms = _now_ms()
    for record, value in taken:
        # A line's end cannot stand within a JSON text but as white space.
        click.echo(value.replace(b"\n", b" ") if as_json else line_of(record, now_ms))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _say(text: str) -> None:
    click.echo(text, err=True)
