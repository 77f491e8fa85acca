"""`touchline topics`: list, create and check the topics, and accept one that was made anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import msgspec
import orjson
from confluent_kafka import KafkaException

from connectors.kafka.record_counts import names_of_ours, record_counts
from connectors.kafka.topics import (
    FoundTopic,
    TopicError,
    all_topics,
    check_topics,
    create_topics,
    describe_topics,
)
from flows.commands.accept_recreated import accept_recreated
from flows.commands.kafka_trouble import kafka_trouble
from flows.commands.nearby import nearby_settings
from flows.commands.option_types import kafka_servers
from flows.settings import Settings, SettingsError

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
servers = click.option(
    "--bootstrap-servers",
    metavar="HOST:PORT",
    callback=kafka_servers,
    help="Instead of TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """List, create and check the topics, and go on with one that was made anew.

    Servers, channels and the number of partitions come from the TOUCHLINE_* environment variables.

    Exit codes: 0 done, or all is as it should be, 1 something is wrong with the topics, the
    settings or Kafka, 2 wrong options.

    \b
    Examples:
      touchline topics ls
      touchline topics check --bootstrap-servers kafka.example:9092
      TOUCHLINE_PARTITIONS=64 touchline topics create
      touchline topics accept-recreated touchpoints.chat
    """


command.add_command(accept_recreated)


@command.command("ls")
@servers
@as_json
def list_topics(bootstrap_servers: str | None, as_json: bool) -> None:
    """Show every topic of ours, and what is missing.

    Its partitions, how many records it holds (the latest less the earliest offset), the largest
    record it takes, whether the settings expect it, and its id, which is another one when it was
    deleted and made again. In touchpoints.enriched the flow's plans count, too.

    Exit codes: 0 shown, whatever is missing, 1 wrong settings, or Kafka does not answer, 2 wrong
    options.

    \b
    Examples:
      touchline topics ls
      touchline topics ls --json | jq .missing
    """
    with _kafka(bootstrap_servers) as (settings, admin):
        expected = [topic.name for topic in all_topics(settings.channels)]
        others = [name for name in names_of_ours(admin) if name not in expected]
        found = describe_topics(admin, [*expected, *others])
        counts = record_counts(admin, found)
    missing = [name for name in expected if name not in counts]
    if as_json:
        topics = [
            {
                **msgspec.structs.asdict(topic),
                "records": counts[topic.name],
                "expected": topic.name in expected,
            }
            for topic in found
        ]
        return _say_json(topics=topics, missing=missing)
    rows = [_row(topic, counts[topic.name], settings, topic.name in expected) for topic in found]
    rows += [(name, "-", "-", "-", "missing: `topics create` makes it", "") for name in missing]
    for row in _table([HEADINGS, *rows]):
        click.echo(row)
    return None


HEADINGS = ("topic", "partitions", "records", "max bytes", "expected", "id")


def _row(topic: FoundTopic, records: int, settings: Settings, expected: bool) -> tuple[str, ...]:
    limit = "?" if topic.max_message_bytes is None else f"{topic.max_message_bytes:,}"
    state = "yes"
    if not expected:
        state = "no: no channel of TOUCHLINE_CHANNELS"
    elif topic.partitions != settings.partitions:
        state = f"with {settings.partitions} partitions"
    return topic.name, str(topic.partitions), f"{records:,}", limit, state, topic.id


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *numbers, state, topic_id in rows:
        shown = "  ".join(f"{n:>{w}}" for n, w in zip(numbers, widths[1:4], strict=True))
        yield f"{name:<{widths[0]}}  {shown}  {state:<{widths[4]}}  {topic_id}".rstrip()


@command.command("create")
@servers
@as_json
def create(bootstrap_servers: str | None, as_json: bool) -> None:
    """Make the topics that are missing, the catalogue's (TOUCHLINE_CATALOGUE_TOPIC) among them.
    What exists is left alone, and refused if it is cut into another number of partitions; the
    catalogue's is the shop's own, and taken as it is.

    Exit codes: 0 all are there, 1 one has another number of partitions, wrong settings, or Kafka
    does not answer, 2 wrong options.

    \b
    Examples:
      touchline topics create
      TOUCHLINE_PARTITIONS=64 touchline topics create --bootstrap-servers kafka.example:9092
    """
    with _kafka(bootstrap_servers) as (settings, admin):
        made = create_topics(
            admin, settings.channels, settings.partitions, settings.catalogue_topic
        )
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
    """Say what is wrong with the topics.

    Exit codes: 0 all are as they should be, 1 something is wrong with them, with the settings or
    with Kafka, 2 wrong options.

    \b
    Examples:
      touchline topics check
      touchline topics check --json | jq -r '.problems[]'
    """
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
    from flows.clients import check_kafka  # noqa: PLC0415 - 0.2 s that no help text needs

    try:
        settings = nearby_settings(bootstrap_servers)
        address = bootstrap_servers or settings.kafka_bootstrap_servers
        config = {**settings.kafka_config, "bootstrap.servers": address}
        check_kafka(config)
        yield settings, config
    except KafkaException as failure:
        raise click.ClickException(kafka_trouble(address, failure)) from None
    except (SettingsError, TopicError) as error:
        raise click.ClickException(str(error)) from None


def _say_json(**fields: Any) -> None:
    click.echo(orjson.dumps(fields))
