"""What the shard of a customer knows of the world, for a choice that is made once more."""

import sys

import click
import redis

from decisions.playbook import Playbook
from decisions.world import World
from flows.commands.redis_trouble import redis_away
from flows.processor.world import recall
from state.store.world import read_world


def known_world(url: str, shard: int, playbook: Playbook) -> World:
    """As the shard has committed it; a Redis that does not answer ends the command."""
    client = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
    try:
        stored = read_world(client, shard)
    except redis.RedisError as error:
        click.echo(f"Error: {redis_away(url, error)}", err=True)
        sys.exit(2)
    finally:
        client.close()
    return recall(playbook, stored)
