"""`touchline rebuild`: the state in Redis, made anew from Kafka."""

import logging
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any, NoReturn

import click
import orjson
import redis
from confluent_kafka import KafkaException
from msgspec import structs

from connectors.kafka.to_end import Unread
from flows.addresses import without_secrets
from flows.clients import check_kafka, check_redis
from flows.commands.kafka_trouble import kafka_trouble
from flows.commands.phrases import count
from flows.commands.run import EXPECTED, REFUSED, USAGE, said
from flows.recovery.planned import Progress
from flows.recovery.rebuild import Lossy, Rebuilt, rebuild
from flows.settings import Settings, SettingsError, read_settings


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--accept-loss", is_flag=True, help="Begin with what is left of a history.")
@click.option("--json", "as_json", is_flag=True, help="Progress and result, a JSON object a line.")
def command(accept_loss: bool, as_json: bool) -> None:
    """Make the state in an empty Redis anew from Kafka, exactly as it was.

    Every flush that was ever planned is done again, from touchpoints.enriched, where the plans
    stand: the same profiles, offers and counters, with the same commit numbers. What Kafka holds is
    not published again, but for the last flush of each shard. Shards whose fence Redis holds are
    left alone. Stop the flows first; one that is started meanwhile takes its shards, does the rest
    of the work itself, and this command ends.

    SIGTERM and Ctrl-C finish the flush at hand; another `rebuild`, or `run touchpoints`, goes on
    there. Where Kafka no longer holds the whole history, what is lost is named and nothing is done;
    with --accept-loss each shard begins with the first flush after which nothing is missing, and
    readers see nothing again. A shard without any plan left begins at the earliest events, in a new
    generation: readers see those again.

    Settings come from the environment, as those of `run touchpoints`.

    Exit codes: 0 done, nothing to do, or stopped when told to, 1 wrong settings or playbook, or a
    server is absent, 2 wrong options, 3 a flow has taken shards meanwhile and does the rest,
    4 something would be lost, or going on would break a promise.

    \b
    Examples:
      touchline rebuild
      touchline rebuild --json
      touchline rebuild --accept-loss
    """
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    settings = _settings()

    def tell(progress: Progress) -> None:
        click.echo(_so_far(progress), err=True)
        if as_json:
            click.echo(orjson.dumps(_fields(progress)))

    try:
        done = rebuild(settings, accept_loss, stop, tell)
    except Lossy as lossy:
        _say_lossy(lossy, as_json)
    except tuple(EXPECTED) as error:
        if isinstance(error, KafkaException):
            _fail(kafka_trouble(settings.kafka_bootstrap_servers, error), USAGE)
        _fail(said(error, settings), next(c for k, c in EXPECTED.items() if isinstance(error, k)))
    except Unread as error:
        _fail(str(error), REFUSED)
    except redis.RedisError as error:
        address = without_secrets(settings.redis_url)
        _fail(f"Redis at {address} (TOUCHLINE_REDIS_URL): {error}", USAGE)
    _say(done, as_json)


def _settings() -> Settings:
    try:
        settings = structs.replace(read_settings(), fail_fast=True)
        check_kafka(settings.kafka_config)
        check_redis(settings.redis_url)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    return settings


def _fail(why: str, code: int) -> NoReturn:
    click.echo(f"Error: {why}", err=True)
    sys.exit(code)


def _so_far(progress: Progress) -> str:
    return (
        f"{progress.shards} of {count(progress.of_shards, 'shard')} done; "
        f"{progress.flushes:,} of {progress.of_flushes:,} flushes, "
        f"{progress.events:,} of {count(progress.of_events, 'event')}; "
        f"{progress.events_per_second:,.0f} events/s"
    )


def _fields(progress: Progress) -> dict[str, Any]:
    return {
        **structs.asdict(progress),
        "seconds": round(progress.seconds, 3),
        "events_per_second": round(progress.events_per_second),
    }


def _say_lossy(lossy: Lossy, as_json: bool) -> NoReturn:
    if as_json:
        fields = {"refused": True, "lost": lossy.found, "removed": lossy.removed}
        click.echo(orjson.dumps(fields, default=structs.asdict))
    for one in (*lossy.found, *lossy.removed):
        click.echo(str(one), err=True)
    _fail(
        "Kafka does not hold the whole history any more; restore Redis from a backup, or accept "
        "what is lost with --accept-loss",
        REFUSED,
    )


def _say(done: Rebuilt, as_json: bool) -> None:
    if as_json:
        fields = {
            **_fields(done.progress),
            "complete": not done.stopped,
            "rebuilt": done.shards,
            "left": sorted(done.left),
            "lost": [one for one in done.survey.found if not one.whole],
            "removed": done.survey.removed,
        }
        click.echo(orjson.dumps(fields, default=structs.asdict))
        return
    for line in _lines(done):
        click.echo(line)


def _lines(done: Rebuilt) -> Iterator[str]:
    for one in done.survey.found:
        if not one.whole:
            yield str(one)
    yield from map(str, done.survey.removed)
    if done.left:
        numbers = ", ".join(map(str, sorted(done.left)))
        yield f"left alone, as Redis holds their fences: shards {numbers}"
    if not done.shards:
        yield "stopped; nothing was done" if done.stopped else "nothing to rebuild"
        return
    yield _so_far(done.progress)
    yield (
        "stopped; `touchline rebuild` or `touchline run touchpoints` goes on here"
        if done.stopped
        else "rebuilt; `touchline run touchpoints` goes on from here"
    )
