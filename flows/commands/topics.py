"""`touchline topics`: list, create and check the topics."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import msgspec
import orjson
from confluent_kafka import KafkaException

from connectors.kafka.topics import (
    TopicError,
    all_topics,
    check_topics,
    create_topics,
    describe_topics,
)
from flows.settings import Settings, SettingsError, read_settings

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
servers = click.option(
    "--bootstrap-servers",
    metavar="HOST:PORT",
    help="Instead of TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """List, create and check the topics.

    Servers, channels and the number of partitions come from the TOUCHLINE_* environment variables.
    """


@command.command("ls")
@servers
@as_json
def list_topics(bootstrap_servers: str | None, as_json: bool) -> None:
    """Show our topics that exist, their ids, partitions and size limits."""
    with _kafka(bootstrap_servers) as (settings, admin):
        found = describe_topics(admin, [topic.name for topic in all_topics(settings.channels)])
    if as_json:
        return _say_json(topics=[msgspec.structs.asdict(topic) for topic in found])
    for topic in found:
        limit = "?" if topic.max_message_bytes is None else f"{topic.max_message_bytes:,}"
        click.echo(
            f"{topic.name:<26} {topic.partitions:>4} partitions  {limit:>10} bytes  {topic.id}"
        )
    return None


@command.command("create")
@servers
@as_json
def create(bootstrap_servers: str | None, as_json: bool) -> None:
    """Make the topics that are missing. What exists is left alone, and refused if it is cut
    into another number of partitions."""
    with _kafka(bootstrap_servers) as (settings, admin):
        made = create_topics(admin, settings.channels, settings.partitions)
    if as_json:
        return _say_json(created=made)
    for name in made:
        click.echo(f"made {name}: {settings.partitions} partitions")
    if not made:
        click.echo("nothing to make: all topics exist")
    return None


@command.command("check")
@servers
@as_json
def check(bootstrap_servers: str | None, as_json: bool) -> None:
    """Say what is wrong with the topics; exit code 1 if anything is."""
    with _kafka(bootstrap_servers) as (settings, admin):
        problems = check_topics(admin, settings.channels, settings.partitions)
    if as_json:
        _say_json(problems=problems)
    else:
        for problem in problems or ["all topics are as they should be"]:
            click.echo(problem)
    if problems:
        raise SystemExit(1)


@contextmanager
def _kafka(bootstrap_servers: str | None) -> Iterator[tuple[Settings, dict[str, Any]]]:
    """The settings and the admin client's configuration; errors end in one line each."""
    try:
        settings = read_settings()
        address = bootstrap_servers or settings.kafka_bootstrap_servers
        yield settings, {**settings.kafka_config, "bootstrap.servers": address}
    except KafkaException as failure:
        raise click.ClickException(f"Kafka at {address}: {failure.args[0].str()}") from None
    except (SettingsError, TopicError) as error:
        raise click.ClickException(str(error)) from None


def _say_json(**fields: Any) -> None:
    click.echo(orjson.dumps(fields))
