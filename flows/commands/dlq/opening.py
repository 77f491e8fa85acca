"""What the dlq commands share: their options, and the way to Kafka, with troubles in one line."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import click
from confluent_kafka import KafkaException

from connectors.events.dead_letter import Reason
from connectors.kafka.to_end import Unread
from connectors.kafka.topics import DEAD_LETTER, REPLAYED, FoundTopic, find_topics
from flows.commands.kafka_trouble import kafka_trouble
from flows.commands.nearby import nearby_settings
from flows.commands.option_types import age, kafka_servers
from flows.settings import SettingsError

reasons_option = click.option(
    "--reason",
    "reasons",
    multiple=True,
    type=click.Choice([reason.value for reason in Reason]),
    metavar="REASON",
    help=f"Only this reason: {', '.join(Reason)}. Repeatable.",
)
channels_option = click.option(
    "--channel", "channels", multiple=True, metavar="NAME", help="Only this channel. Repeatable."
)
since_option = click.option(
    "--since",
    "age_ms",
    metavar="AGE",
    callback=age,
    help="Only what became a dead letter so long ago at most: 90s, 10m, 12h, 7d.",
)
servers_option = click.option(
    "--bootstrap-servers",
    metavar="HOST:PORT",
    callback=kafka_servers,
    help="Instead of TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS.",
)


class Opened(NamedTuple):
    """Kafka, with a dead-letter topic."""

    config: dict[str, str]
    channels: tuple[str, ...]
    """Those that the settings name."""
    letters: FoundTopic
    marks: FoundTopic | None
    """None where no `topics create` of this version has been."""


@contextmanager
def opened(bootstrap_servers: str | None) -> Iterator[Opened]:
    """The settings and what is found; what Kafka or they do wrong ends in one line and code 1."""
    from flows.clients import check_kafka  # noqa: PLC0415 - 0.2 s that no help text needs

    address = bootstrap_servers or ""
    try:
        settings = nearby_settings(bootstrap_servers)
        address = bootstrap_servers or settings.kafka_bootstrap_servers
        config = {**settings.kafka_config, "bootstrap.servers": address}
        check_kafka(config)
        found = find_topics(config, [DEAD_LETTER, REPLAYED])
        if DEAD_LETTER not in found:
            raise click.ClickException(
                f"Kafka at {address} has no topic {DEAD_LETTER}: `touchline topics create` makes it"
            )
        yield Opened(config, settings.channels, found[DEAD_LETTER], found.get(REPLAYED))
    except (KafkaException, Unread) as failure:
        raise click.ClickException(kafka_trouble(address, failure)) from None
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def since_ms(age_ms: int | None) -> int:
    """The moment so long ago; 0 = all there is."""
    return 0 if age_ms is None else time.time_ns() // 1_000_000 - age_ms


def say_unknown(asked: Iterable[str], named: Iterable[str], found: Iterable[str]) -> None:
    """On stderr, of channels that are asked for: those that neither the settings have `named` nor
    were `found` among the dead letters, as a misspelt one is."""
    named = sorted(named)
    known = {*named, *found}
    for channel in asked:
        if channel not in known:
            click.echo(
                f"--channel {channel}: expected one of {', '.join(named)} (TOUCHLINE_CHANNELS), or "
                "another that `touchline dlq ls` shows",
                err=True,
            )


def say_unreadable(count: int) -> None:
    """On stderr, if there were any."""
    if count:
        click.echo(
            f"{count:,} records of {DEAD_LETTER} are none of Touchline's and were left out",
            err=True,
        )
