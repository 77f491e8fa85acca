"""What the segments commands share: their options, and what Redis and the playbook know."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
import redis
from msgspec import Struct

from decisions.language.errors import nearest
from decisions.load import load_playbook
from decisions.playbook import PlaybookError
from decisions.rules import Segment
from decisions.segment_counts import SegmentCount, add_counts
from flows.addresses import without_secrets
from flows.clients import check_redis
from flows.commands.nearby import nearby_settings
from flows.commands.option_types import FilledPath, redis_url
from flows.commands.redis_trouble import redis_away
from flows.settings import SettingsError
from state.profile import ProfileUnreadable
from state.store.counters import SINCE_MS, each_counters

MOST_PARTITIONS = 1024
F = TypeVar("F", bound=Callable[..., Any])


def servers(function: F) -> F:
    """The options that say where to look."""
    function = click.option(
        "--playbook",
        type=FilledPath(),
        metavar="FILE",
        help="Whose titles and conditions are shown, instead of TOUCHLINE_PLAYBOOK.",
    )(function)
    return click.option(
        "--redis-url", metavar="URL", callback=redis_url, help="Instead of TOUCHLINE_REDIS_URL."
    )(function)


class Opened(Struct, frozen=True):
    """What is known of all segments."""

    client: Any
    """redis.Redis."""
    rules: Mapping[str, Segment]
    """Those of the playbook; none where it cannot be read."""
    counts: Mapping[str, SegmentCount]
    """Those of the playbook, and any others that Redis has counted."""
    since_ms: int
    """When the counts began; 0 = that is not known."""

    def known(self, segment: str) -> SegmentCount:
        """Its counts. Raises click.ClickException for one that there is not."""
        if segment in self.counts:
            return self.counts[segment]
        near = nearest(segment, self.counts)
        meant = f'; did you mean "{near}"?' if near else ""
        known = ", ".join(self.counts) or "none: the playbook has no segments"
        raise click.ClickException(f'no segment "{segment}"; expected one of {known}{meant}')


@contextmanager
def opened(given_url: str | None, playbook: str | None) -> Iterator[Opened]:
    """Redis and the playbook; what is wrong with them ends the command with one line and 1, or 2
    when Redis does not answer."""
    try:
        settings = nearby_settings(given_url)
        url = given_url or settings.redis_url
        check_redis(url)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    rules = _rules(playbook or settings.playbook)
    try:
        with redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
            shards = list(each_counters(client, MOST_PARTITIONS))
            if not shards:
                raise click.ClickException(
                    f"Redis at {without_secrets(url)} has no counts: no flow has worked with it; "
                    "check --redis-url, or start the touchpoints flow"
                )
            counts = {name: SegmentCount() for name in rules}
            for counters in shards:
                add_counts(counts, counters)
            since_ms = min(counters.get(SINCE_MS, 0) for counters in shards)
            yield Opened(client, rules, counts, since_ms)
    except ProfileUnreadable as error:
        raise click.ClickException(str(error)) from None
    except redis.RedisError as error:
        click.echo(f"Error: {redis_away(url, error)}", err=True)
        sys.exit(2)


def _rules(path: str) -> Mapping[str, Segment]:
    try:
        return load_playbook(Path(path)).segments
    except PlaybookError as error:
        first = str(error).splitlines()[0]
        click.echo(f"titles and conditions are left out: {first}", err=True)
        return {}
