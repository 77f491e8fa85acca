"""The settings of commands that look at what runs: a `touchline up` here needs no words."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from flows.local.data_dir import USUAL, WAREHOUSE, addresses_of
from flows.settings import PREFIX, Settings, read_settings

SERVERS = tuple(PREFIX + name for name in ("KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL", "WAREHOUSE_URL"))


def nearby_settings(
    *given: str | None, environ: Mapping[str, str] = os.environ, folder: Path = USUAL
) -> Settings:
    """The environment's settings; where no server is named at all, those of the `up` on `folder`.

    `given`: the servers that options name. All of an `up`'s servers are taken or none, so that
    the Kafka of one place is never shown beside the Redis of another. When it has ended its
    warehouse is still there, and is taken if there is none at the usual place.

    Raises SettingsError.
    """
    if any(given) or any(name in environ for name in SERVERS):
        return read_settings(environ)
    told = addresses_of(folder)
    if told and sys.stderr.isatty():
        click.echo(f"of the `touchline up` in {folder}:", err=True)
    left = folder / WAREHOUSE
    if not told and left.exists() and not Path(Settings().warehouse_url).exists():
        told = {PREFIX + "WAREHOUSE_URL": str(left)}
    return read_settings({**told, **environ})
