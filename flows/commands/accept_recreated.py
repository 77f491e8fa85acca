"""`touchline topics accept-recreated`: go on with a topic that is not the one it was."""

import sys
from typing import NoReturn

import click
import orjson
import redis
from confluent_kafka import KafkaException
from msgspec import structs

from connectors.kafka.plan_log import NoPlan
from connectors.kafka.to_end import Unread
from connectors.kafka.topics import ACTIONS, DEAD_LETTER, ENRICHED, input_topics
from flows.addresses import without_secrets
from flows.commands.kafka_trouble import kafka_trouble
from flows.recovery.accepting import accept, look
from flows.recovery.recreated import Change
from flows.settings import Settings, SettingsError, read_settings
from state.store.shard_store import Fenced, Refused, Unsettled
from state.store.wire import WireLost

REFUSED = 4
NOTHING_KEPT = (ACTIONS, DEAD_LETTER)
"""Topics out of which no shard's state remembers anything."""


@click.command("accept-recreated")
@click.argument("topic")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
def accept_recreated(topic: str, yes: bool, as_json: bool) -> None:
    """Go on with a TOPIC that was made anew, or has lost records.

    The flow refuses such a topic by its name. This says what is lost and, once that is accepted,
    moves every shard that is concerned: of an input topic made anew, or behind its retention, to
    the earliest event it holds; of one that was cut at its end, to that end. A flush that was begun
    and reads the topic cannot be done again: it is dropped, and a new generation begins, in which
    readers take what follows as new. Of touchpoints.enriched the flow goes on in the new one. A
    flow that runs loses its shards, and ends: start it again afterwards.

    Settings come from the environment, as those of `run touchpoints`.

    Exit codes: 0 done, or the topic is the same as before, 1 wrong settings, a server is absent, or
    not confirmed, 2 wrong options, or no topic of the settings, 4 going on would break a promise.

    \b
    Examples:
      touchline topics accept-recreated touchpoints.chat
      touchline topics accept-recreated touchpoints.enriched --yes --json
    """
    try:
        settings = read_settings()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    inputs = input_topics(settings.channels)
    if topic not in (*inputs, ENRICHED, *NOTHING_KEPT):
        known = ", ".join((*inputs, ENRICHED, *NOTHING_KEPT))
        raise click.BadParameter(f"expected one of {known}, got {topic!r}", param_hint="TOPIC")
    try:
        _accept(settings, topic, yes, as_json)
    except (Refused, NoPlan, Unread) as error:
        _fail(str(error), REFUSED)
    except (Fenced, Unsettled, WireLost) as error:
        _fail(f"{error}; another process took the shard, or Redis went away: do it again", REFUSED)
    except KafkaException as error:
        raise click.ClickException(kafka_trouble(settings.kafka_bootstrap_servers, error)) from None
    except redis.RedisError as error:
        address = without_secrets(settings.redis_url)
        raise click.ClickException(f"Redis at {address} (TOUCHLINE_REDIS_URL): {error}") from None


def _accept(settings: Settings, topic: str, yes: bool, as_json: bool) -> None:
    changes = [] if topic in NOTHING_KEPT else look(settings, topic)
    if not changes:
        _say(topic, [], as_json)
        return
    if not yes:
        for change in changes:
            click.echo(str(change), err=True)
        _confirm()
    _say(topic, accept(settings, topic), as_json)


def _confirm() -> None:
    """Raises ClickException unless somebody says yes."""
    try:
        accepted, came = click.confirm("Go on, and accept this?", err=True), "a no"
    except click.Abort:
        click.echo(err=True)
        accepted, came = False, "no answer"
    if not accepted:
        raise click.ClickException(
            f"nothing was changed: expected a yes to this question, got {came}; --yes answers it"
        )


def _say(topic: str, changes: list[Change], as_json: bool) -> None:
    if as_json:
        fields = {"topic": topic, "changed": changes}
        click.echo(orjson.dumps(fields, default=structs.asdict))
    elif not changes and topic in NOTHING_KEPT:
        click.echo(f"nothing to accept: no state remembers anything of {topic}; start the flow")
    elif not changes:
        click.echo(f"nothing to accept: {topic} is the same as before")
    else:
        for change in changes:
            click.echo(str(change))
        click.echo("accepted; `touchline run touchpoints` goes on from here")


def _fail(why: str, code: int) -> NoReturn:
    click.echo(f"Error: {why}", err=True)
    sys.exit(code)
