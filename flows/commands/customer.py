"""`touchline customer`: what is known of one customer."""

import re
import sys
import time
from typing import Any

import click
import msgspec
import orjson
import redis

from connectors.events.decode import CONTROL, MAX_ID_CHARACTERS
from connectors.kafka.murmur2 import partition_of
from flows.addresses import without_secrets
from flows.clients import check_redis
from flows.commands.customer_page import rows_of
from flows.commands.option_types import redis_url
from flows.settings import SettingsError, read_settings
from state.event_names import event_name
from state.profile import Orders, Profile, ProfileUnreadable
from state.store.lookup import Known, look_up
from state.times import rfc3339
from state.windows import DAY_MS

HEADING_COLUMNS = 13
NO_TEXT = re.compile("[\ud800-\udfff]")
"""What Python makes of bytes on the command line that are not UTF-8."""


def _customer_id(_ctx: click.Context, _param: click.Parameter, text: str) -> str:
    """The argument's callback: `text`, when events may have it as an id."""
    expected = f"expected 1 to {MAX_ID_CHARACTERS} characters, no control characters"
    if not 0 < len(text) <= MAX_ID_CHARACTERS:
        raise click.BadParameter(f"{expected}, got {len(text):,} characters")
    if CONTROL.search(text) or NO_TEXT.search(text):
        raise click.BadParameter(f"{expected}, got {text!r}")
    return text


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("customer_id", metavar="ID", callback=_customer_id)
@click.option(
    "--redis-url",
    "url",
    metavar="URL",
    callback=redis_url,
    help="Instead of TOUCHLINE_REDIS_URL.",
)
@click.option(
    "--partitions", type=click.IntRange(1, 1024), help="Instead of TOUCHLINE_PARTITIONS (16)."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
def command(customer_id: str, url: str | None, partitions: int | None, as_json: bool) -> None:
    """Show what is known of the customer ID: profile, segments, offers.

    Times are UTC.

    Exit codes: 0 shown, 1 nothing is known of them, what is kept of them cannot be read, or wrong
    settings, 2 wrong options, or Redis does not answer.

    \b
    Examples:
      touchline customer c-000001
      touchline customer c-000001 --json --redis-url redis://127.0.0.1:6379/0
    """
    try:
        settings = read_settings()
        url = url or settings.redis_url
        check_redis(url)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    partitions = partitions or settings.partitions
    shard = partition_of(customer_id, partitions)
    client = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
    try:
        known = look_up(client, customer_id, shard)
    except ProfileUnreadable as error:
        raise click.ClickException(f"customer {customer_id!r}: {error}") from None
    except redis.RedisError as error:
        click.echo(f"Error: {_trouble(url, error)}", err=True)
        sys.exit(2)
    if known is None:
        click.echo(
            f"Error: nothing is known of {customer_id!r} in shard {shard} of {partitions}; with "
            "another number of partitions they may be elsewhere (--partitions)",
            err=True,
        )
        sys.exit(1)
    if as_json:
        click.echo(orjson.dumps(describe(known)))
        return
    for heading, line in rows_of(known, _offers(known), time.time_ns() // 1_000_000):
        click.echo(click.style(f"{heading:<{HEADING_COLUMNS}}", bold=True) + line)


def _trouble(url: str, error: redis.RedisError) -> str:
    fault = "gives no answer"
    if isinstance(error, redis.AuthenticationError):
        fault = "refuses the user or password it is given"
    return (
        f"Redis at {without_secrets(url)} {fault} ({error}); name another with --redis-url or "
        "TOUCHLINE_REDIS_URL"
    )


def describe(known: Known) -> dict[str, Any]:
    """The customer as plain JSON values, under the names that playbooks use; times RFC 3339."""
    profile = known.profile
    return {
        "customer_id": known.customer_id,
        "shard": known.shard,
        "first_at": _moment(profile.first_at),
        "last_at": _moment(profile.last_at),
        "segments": {name: _moment(since) for name, since in sorted(profile.segments.items())},
        "offers": _offers(known),
        "traits": profile.traits,
        **_sections(profile),
        "events": {event_name(key): count for key, count in profile.events.items()},
        "orders": _orders(profile.orders),
        "alerts": {name: _moment(raised) for name, raised in profile.alerts.items()},
        "playbook": profile.playbook,
    }


def _offers(known: Known) -> list[dict[str, Any]]:
    offers: list[dict[str, Any]] = orjson.loads(known.offers)["offers"] if known.offers else []
    return offers


SECTIONS = ("channels", "sessions", "cart", "affinity", "email", "kiosk", "chat")
"""Parts of a profile that are shown as they are."""


def _sections(profile: Profile) -> dict[str, Any]:
    return {name: _plain(getattr(profile, name)) for name in SECTIONS}


def _orders(orders: Orders) -> dict[str, Any]:
    recent = [
        {"date": rfc3339(day * DAY_MS)[:10], "value": value, "orders": count}
        for day, value, count in orders.recent
    ]
    return {**_plain(orders), "recent": recent}


def _plain(value: Any, name: str = "") -> Any:
    """JSON values with field names in place of the stored form's positions."""
    if isinstance(value, msgspec.Struct):
        return {f: _plain(getattr(value, f), f) for f in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if name == "at" or name.endswith("_at"):
        return _moment(value)
    return value


def _moment(ms: int) -> str | None:
    return rfc3339(ms) if ms else None
