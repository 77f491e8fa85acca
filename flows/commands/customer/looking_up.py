"""What Redis knows of a customer, for a command; who is unknown ends it."""

import sys

import click
import redis

from connectors.kafka.murmur2 import partition_of
from flows.commands.customer.unknown import why_unknown
from flows.commands.redis_trouble import redis_away
from state.profile import ProfileUnreadable
from state.store.lookup import Known, look_up


def look_up_or_end(url: str, customer: str, partitions: int) -> Known:
    """What Redis knows; who is unknown, and a Redis that does not answer, end the command."""
    client = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
    try:
        known = look_up(client, customer, partition_of(customer, partitions))
        if known is None:
            raise click.ClickException(why_unknown(client, customer, partitions))
    except ProfileUnreadable as error:
        raise click.ClickException(f"customer {customer!r}: {error}") from None
    except redis.RedisError as error:
        click.echo(f"Error: {redis_away(url, error)}", err=True)
        sys.exit(2)
    return known
